// The worker of a process: children ready for jobs, and a runner that claims work for them.

import { fileURLToPath } from 'node:url'
import { ConfigError } from '#src/config'
import type { Container } from '#src/container'
import { capabilities, childSettings } from './capabilities.ts'
import { serveMetrics } from './metrics/serve-metrics.ts'
import { openWorkerMetrics } from './metrics/worker-metrics.ts'
import { startRetention } from './retention-loop.ts'
import { startRunner } from './runner.ts'
import { driverEnvironment } from './sandbox/driver-environment.ts'
import { detectIsolation } from './sandbox/isolation.ts'
import { openChildPool } from './sandbox/pool.ts'
import { workerContext } from './worker-context.ts'

const CHILD = fileURLToPath(new URL('./sandbox/bundle/child.cjs', import.meta.url))
/** A job takes one child, and its two memory probes one each. */
const WARM_CHILDREN = { compress: 1, probe: 2 }

/** What a drained job has left to write its last words. */
const GIVE_UP_MS = 5000

export interface RunningWorker {
  /** Claims nothing more; running jobs have TERSOR_SHUTDOWN_SECONDS before they go back to the queue. */
  close(): Promise<void>
}

/**
 * `env`: of this process, for the drivers of accelerators.
 * @throws ConfigError where TERSOR_SANDBOX asks for more than this machine offers
 */
export async function startWorker(
  { config, context, log }: Container,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunningWorker> {
  const isolation = await detectIsolation()
  if (config.sandbox === 'required' && !(isolation.network && isolation.parentDeath)) {
    throw new ConfigError([
      'TERSOR_SANDBOX is required, but this machine lets no process be cut off from the network',
    ])
  }
  const settings = {
    entry: CHILD,
    scratch: context.options.scratch,
    isolation,
    maxMemoryBytes: config.maxJobMemoryBytes,
    memory: 'limited',
    environment: driverEnvironment(env),
  } as const
  const offered = await capabilities(config, settings, log)
  const children = openChildPool(childSettings(settings, offered), WARM_CHILDREN)
  const giveUp = new AbortController()
  const metrics = openWorkerMetrics(context)
  const { host, metricsPort } = config
  const server = metricsPort === 'none' ? null : await serveMetrics(metrics, host, metricsPort)
  if (server !== null) log.info({ url: server.url }, 'metrics')
  const worker = workerContext({
    service: metrics.service,
    children,
    log,
    capabilities: offered,
    maxJobSeconds: config.maxJobSeconds,
    checkpointSeconds: config.checkpointSeconds,
    giveUp: giveUp.signal,
  })
  const runner = startRunner(worker, { places: config.workers })
  const retention = startRetention(context, config, log)
  return {
    close: async () => {
      // A store that is away must not keep the process from ending.
      const timer = setTimeout(() => giveUp.abort(), config.shutdownSeconds * 1000 + GIVE_UP_MS)
      await runner.close(config.shutdownSeconds * 1000)
      await retention.close()
      clearTimeout(timer)
      await children.close()
      await server?.close()
    },
  }
}
