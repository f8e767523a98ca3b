// The tenant's default secret: signs webhooks that bring none (Standard Webhooks 1.0: `whsec_` + base64 of 24 to 64 bytes).

import { TersorError } from '#src/domain/errors'
import type { TenantRecord } from '#src/domain/records'
import type { ServiceContext } from '../service-context.ts'
import { newSecret } from './endpoint-secret.ts'

const ATTEMPTS = 5

type SecretContext = Pick<ServiceContext, 'records'>

/** Newest first; two during rotation. Made on first use. */
export async function webhookSecrets(
  context: SecretContext,
  tenant: string,
): Promise<readonly string[]> {
  return await changeSecrets(context, tenant, (secrets) =>
    secrets.length === 0 ? [newSecret()] : secrets,
  )
}

/** A new secret; the one before still signs beside it until the next rotation. */
export async function rotateWebhookSecret(
  context: SecretContext,
  tenant: string,
): Promise<readonly string[]> {
  return await changeSecrets(context, tenant, (secrets) => [newSecret(), ...secrets.slice(0, 1)])
}

async function changeSecrets(
  { records }: SecretContext,
  tenant: string,
  change: (secrets: readonly string[]) => readonly string[],
): Promise<readonly string[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await records.get('tenant', tenant)
    const before = found?.record.webhook_secrets ?? []
    const secrets = change(before)
    if (secrets === before) return before
    const record: TenantRecord = { id: tenant, tenant, webhook_secrets: secrets }
    const done = await records.commit([
      found === null
        ? { op: 'insert', collection: 'tenant', record }
        : { op: 'update', collection: 'tenant', record, version: found.version },
    ])
    if (done) return secrets
  }
  throw new TersorError('unavailable', 'the secret is being changed by others; try again')
}
