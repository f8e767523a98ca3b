#!/usr/bin/env node
// The `tersor` command: API keys of the service whose data folder TERSOR_DATA_DIR names.

import { parseArgs } from 'node:util'
import { readConfig } from '#src/config'
import { openContainer } from '#src/container'
import { describeFailure } from '#src/run-process'
import {
  createApiKey,
  DEFAULT_TENANT,
  listApiKeys,
  revokeApiKey,
  SCOPES,
} from '#src/services/api-keys'
import type { Scope } from '#src/services/api-keys'

const USAGE = `Usage:
  tersor keys create [--name NAME] [--tenant TENANT] [--scope read --scope write]
  tersor keys list
  tersor keys revoke ID

The service must not be running on the same data folder (TERSOR_DATA_DIR, ./data).
`

/** What was said, or what is wrong with it. */
function parseWords() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        name: { type: 'string', default: '' },
        tenant: { type: 'string', default: DEFAULT_TENANT },
        scope: { type: 'string', multiple: true, default: [...SCOPES] },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return (error as Error).message.split('. ')[0] ?? ''
  }
}

async function main(): Promise<number> {
  const parsed = parseWords()
  if (typeof parsed === 'string') {
    process.stderr.write(`${parsed}\n\n${USAGE}`)
    return 2
  }
  const { positionals, values } = parsed
  const [topic, verb, id] = positionals
  const known =
    topic === 'keys' &&
    (verb === 'create' || verb === 'list' || (verb === 'revoke' && id !== undefined))
  if (values.help || !known) {
    const out = values.help ? process.stdout : process.stderr
    out.write(USAGE)
    return values.help ? 0 : 2
  }
  const scopes = values.scope.filter((scope): scope is Scope =>
    (SCOPES as readonly string[]).includes(scope),
  )
  if (scopes.length !== values.scope.length) {
    process.stderr.write(`--scope is one of ${SCOPES.join(', ')}\n`)
    return 2
  }
  const container = await openContainer(readConfig({ ...process.env, TERSOR_LOG_LEVEL: 'silent' }))
  try {
    const { context } = container
    if (verb === 'create') {
      const { key, record } = await createApiKey(context, {
        name: values.name,
        tenant: values.tenant,
        scopes,
      })
      process.stdout.write(`${key}\n`)
      process.stderr.write(
        `${record.id} for tenant ${record.tenant}, scopes ${record.scopes.join(', ')}. This is the only time the key is shown.\n`,
      )
    } else if (verb === 'list') {
      for (const {
        id: keyId,
        tenant,
        name,
        last4,
        scopes: held,
        revoked_at: revoked,
      } of await listApiKeys(context)) {
        process.stdout.write(
          `${keyId}  ${tenant}  …${last4}  ${held.join(',')}  ${revoked ?? 'active'}  ${name}\n`,
        )
      }
    } else if (!(await revokeApiKey(context, id ?? ''))) {
      process.stderr.write(`there is no key ${id}\n`)
      return 1
    }
    return 0
  } finally {
    await container.close()
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${describeFailure(error)}\n`)
    process.exit(1)
  },
)
