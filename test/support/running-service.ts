// API and worker in this process, listening on a free port, for tests over HTTP. Children run the built program.

import { join } from 'node:path'
import type { WorkerCapabilities } from '#src/domain/worker'
import { buildApp } from '#src/http/app'
import { capabilities, childSettings } from '#workers/capabilities'
import { startRunner } from '#workers/runner'
import { driverEnvironment } from '#workers/sandbox/driver-environment'
import { detectIsolation } from '#workers/sandbox/isolation'
import { openChildPool } from '#workers/sandbox/pool'
import { workerContext } from '#workers/worker-context'
import type { TestContainer } from './test-container.ts'
import { openTestContainer } from './test-container.ts'

export interface RunningService {
  readonly url: string
  readonly container: TestContainer
  stop(): Promise<void>
}

export const CHILD = join(import.meta.dirname, '../../dist/workers/sandbox/bundle/child.cjs')

export interface ServiceParts {
  /** False: jobs stay queued. */
  readonly withWorker?: boolean
  /** What the worker says it offers beside what it found. */
  readonly pretended?: Partial<WorkerCapabilities>
  /** Program of the children. */
  readonly child?: string
}

export async function startService(
  env: Readonly<Record<string, string>> = {},
  { withWorker = true, pretended = {}, child = CHILD }: ServiceParts = {},
): Promise<RunningService> {
  const container = await openTestContainer(env)
  const { context, config, log } = container
  const settings = {
    entry: child,
    scratch: context.options.scratch,
    isolation: await detectIsolation(),
    maxMemoryBytes: config.maxJobMemoryBytes,
    memory: 'limited',
    environment: driverEnvironment(process.env),
  } as const
  const offered = { ...(await capabilities(config, settings, log)), ...pretended }
  const children = openChildPool(
    childSettings(settings, offered),
    withWorker ? { compress: 1, probe: 0 } : { compress: 0, probe: 0 },
  )
  const worker = workerContext({
    service: context,
    children,
    log,
    capabilities: offered,
    maxJobSeconds: config.maxJobSeconds,
    checkpointSeconds: config.checkpointSeconds,
    giveUp: new AbortController().signal,
  })
  const runner = withWorker ? startRunner(worker, { places: 1 }) : null
  const app = buildApp({ config, context, log })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    container,
    stop: async () => {
      app.server.closeAllConnections()
      await app.close()
      await runner?.close(0)
      await children.close()
      await container.remove()
    },
  }
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body, or `null` when it is no JSON. */
  readonly json: Readonly<Record<string, unknown>>
}

/** One request; objects are sent as JSON, bytes as octets. */
export async function call(
  url: string,
  method: string,
  path: string,
  body: object | Uint8Array | string | null = null,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const binary = body instanceof Uint8Array
  const type = binary ? 'application/octet-stream' : 'application/json'
  const payload = body === null || binary || typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(url + path, {
    method,
    headers: { ...(body !== null && { 'content-type': type }), ...headers },
    body: payload as string | null,
    redirect: 'manual',
  })
  const text = await response.text()
  let json: unknown = null
  try {
    json = JSON.parse(text)
  } catch {
    json = null
  }
  return { status: response.status, headers: response.headers, text, json: json as Reply['json'] }
}
