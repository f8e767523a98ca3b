// API and worker in one process on the embedded profile: what `npm start` runs.

import { fileURLToPath } from 'node:url'
import type { Config } from '#src/config'
import { ConfigError, readConfig } from '#src/config'
import { openContainer } from '#src/container'
import { buildApp } from '#src/http/app'
import { anyApiKey } from '#src/services/api-keys'
import { capabilities } from './capabilities.ts'
import { startRunner } from './runner.ts'
import { detectIsolation } from './sandbox/isolation.ts'
import { openChildPool } from './sandbox/pool.ts'

const CHILD = fileURLToPath(new URL('./sandbox/child.js', import.meta.url))
/** A job takes one child, and its two memory probes one each. */
const WARM_CHILDREN = { compress: 1, probe: 2 }

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const container = await openContainer(config)
  const { context, log } = container
  if (!config.loopback && !(await anyApiKey(context))) {
    await container.close()
    throw new ConfigError([
      `TERSOR_HOST ${config.host} can be reached from outside, and there is no API key: create one with \`npx tersor keys create\``,
    ])
  }
  const isolation = await detectIsolation()
  if (config.sandbox === 'required' && !(isolation.network && isolation.parentDeath)) {
    await container.close()
    throw new ConfigError([
      'TERSOR_SANDBOX is required, but this machine lets no process be cut off from the network',
    ])
  }
  const settings = {
    entry: CHILD,
    scratch: context.options.scratch,
    isolation,
    maxMemoryBytes: config.maxJobMemoryBytes,
  }
  const children = openChildPool(settings, WARM_CHILDREN)
  const worker = {
    service: context,
    children,
    log,
    capabilities: capabilities(config),
    maxJobSeconds: config.maxJobSeconds,
  }
  const runner = startRunner(worker, { places: config.workers })
  const app = buildApp({ config, context, log })
  const address = await app
    .listen({ host: config.host, port: config.port })
    .catch((error: unknown) => {
      throw listenProblem(error as NodeJS.ErrnoException, config)
    })
  process.stdout.write(`Tersor is ready at ${address}\n`)

  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await app.close()
    await runner.close(config.shutdownSeconds * 1000)
    await children.close()
    await container.close()
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
}

const LISTEN_PROBLEMS: Record<string, (config: Config) => string> = {
  EADDRINUSE: ({ port }) =>
    `Port ${port} is in use: set TERSOR_PORT to another, or to 0 for a free one.`,
  EACCES: ({ port }) =>
    `Port ${port} needs rights this user lacks: set TERSOR_PORT to one above 1023.`,
  EADDRNOTAVAIL: ({ host }) =>
    `${host} is no address of this machine: set TERSOR_HOST to one that is.`,
  ENOTFOUND: ({ host }) => `${host} is no name of an address: set TERSOR_HOST to one.`,
}

class ListenError extends Error {
  override readonly name = 'ListenError'
}

function listenProblem(error: NodeJS.ErrnoException, config: Config): Error {
  const sentence = LISTEN_PROBLEMS[error.code ?? '']
  return sentence === undefined ? error : new ListenError(sentence(config))
}

main().catch((error: unknown) => {
  const expected =
    error instanceof ConfigError ||
    error instanceof ListenError ||
    (error as Error).name === 'FolderInUseError'
  process.stderr.write(`${expected ? (error as Error).message : String((error as Error).stack)}\n`)
  process.exit(1)
})
