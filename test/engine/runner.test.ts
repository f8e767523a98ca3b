// The worker with real children: from a submitted job to its artifacts, its webhook, its cancellation. Needs `npm run build`.

import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import type { JobRecord } from '#src/domain/job'
import { readReport } from '#src/services/artifacts'
import { createDataset } from '#src/services/datasets'
import { eventsAfter } from '#src/services/job-stream'
import { cancelJob, getJob, waitForJob } from '#src/services/jobs'
import { createModel } from '#src/services/models'
import { submitJob } from '#src/services/submit-job'
import { jobSpec } from '#src/recipes/job-spec'
import type { TestContainer } from '#test/support/test-container'
import { openTestContainer } from '#test/support/test-container'
import { toyNetwork } from '#test/support/toy-network'
import { capabilities, childSettings } from '#workers/capabilities'
import type { Runner } from '#workers/runner'
import { startRunner } from '#workers/runner'
import { driverEnvironment } from '#workers/sandbox/driver-environment'
import { detectIsolation } from '#workers/sandbox/isolation'
import { workerContext } from '#workers/worker-context'
import type { ChildPool } from '#workers/sandbox/pool'
import { openChildPool } from '#workers/sandbox/pool'

const TENANT = 'local'
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const WAIT_MS = 30_000

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface World {
  readonly container: TestContainer
  readonly children: ChildPool
  readonly runner: Runner
  readonly receiver: Server
  readonly received: Received[]
  readonly ids: { readonly model: string; readonly dataset: string }
}

let world: World

beforeAll(async () => {
  const received: Received[] = []
  const receiver = createServer((request, response) => {
    void buffer(request).then((body) => {
      received.push({ headers: request.headers, body: body.toString() })
      response.writeHead(received.length === 1 ? 503 : 204).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const container = await openTestContainer({ TERSOR_WEBHOOK_ALLOW: '127.0.0.1/32' })
  const { context, log, config } = container
  const settings = {
    entry: join(import.meta.dirname, '../../dist/workers/sandbox/bundle/child.cjs'),
    scratch: context.options.scratch,
    isolation: await detectIsolation(),
    maxMemoryBytes: config.maxJobMemoryBytes,
    memory: 'limited',
    environment: driverEnvironment(process.env),
  } as const
  const offered = await capabilities(config, settings, log)
  const children = openChildPool(childSettings(settings, offered), { compress: 1, probe: 1 })
  const toy = await toyNetwork(openRuntime())
  const upload = { name: 'toy', metadata: {} }
  const sent = (bytes: Uint8Array) =>
    ({ kind: 'request', body: once(bytes), expectedSha256: null }) as const
  const model = await createModel(context, TENANT, {
    ...upload,
    container: 'onnx',
    source: sent(toy.model),
  })
  const dataset = await createDataset(context, TENANT, {
    ...upload,
    format: 'npz',
    preprocess: null,
    source: sent(toy.dataset),
  })
  const worker = workerContext({
    service: context,
    children,
    log,
    capabilities: offered,
    maxJobSeconds: 600,
    checkpointSeconds: config.checkpointSeconds,
    giveUp: new AbortController().signal,
  })
  const runner = startRunner(worker, { places: 1 })
  const ids = { model: model.id, dataset: dataset.id }
  world = { container, children, runner, receiver, received, ids }
})

afterAll(async () => {
  await world.runner.close(0)
  await world.children.close()
  const left = await readdir(world.container.context.options.scratch)
  await world.container.remove()
  world.receiver.close()
  expect(left).toEqual([])
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function submit(more: Readonly<Record<string, unknown>>): Promise<JobRecord> {
  const { model, dataset } = world.ids
  const spec = jobSpec.parse({
    model,
    steps: [{ type: 'quantize', method: 'static' }],
    datasets: { calibration: dataset, evaluation: dataset },
    evaluation: { task: 'classification' },
    ...more,
  })
  return await submitJob(world.container.context, TENANT, spec)
}

async function finished({ id }: JobRecord): Promise<JobRecord> {
  const { signal } = new AbortController()
  return await waitForJob(world.container.context, TENANT, id, WAIT_MS, signal)
}

test('a job succeeds with a report, artifacts and the events in order', async () => {
  const { context } = world.container
  const job = await finished(await submit({}))
  expect(job.error).toBeNull()
  expect(job.status).toBe('succeeded')
  expect(job.attempt).toBe(1)
  const report = await readReport(context, TENANT, job.id)
  expect(job.summary!.compression_ratio).toBe(report.change.compression_ratio)
  // Node and the runtime alone need 30 MiB and more.
  expect(report.original.peak_memory_bytes).toBeGreaterThan(30 * 2 ** 20)
  expect(report.compressed.peak_memory_bytes).toBeGreaterThan(30 * 2 ** 20)
  const events = await eventsAfter(context, job.id, null)
  expect(events.map(({ type }) => type)).toEqual(['job.queued', 'job.started', 'job.succeeded'])
  const kinds: string[] = []
  for (const id of job.artifacts) {
    const found = await context.records.get('artifact', id)
    kinds.push(found!.record.kind)
    const stat = await context.blobs.stat(found!.record.sha256)
    expect(stat!.size).toBe(found!.record.size_bytes)
  }
  expect(kinds.toSorted()).toEqual(['log', 'model', 'report'])
})

test('a goal that is missed fails the job, and the report stays', async () => {
  const job = await finished(
    await submit({ goal: { min_speedup: 1000, on_miss: 'fail' }, seed: 1 }),
  )
  expect(job.status).toBe('failed')
  expect(job.error!.code).toBe('goal_not_met')
  const report = await readReport(world.container.context, TENANT, job.id)
  expect(report.goal!.met).toBe(false)
})

test('the webhook is signed, and tried again with the same id after a failure', async () => {
  const { port } = world.receiver.address() as AddressInfo
  const webhook = { url: `http://127.0.0.1:${port}/hook`, secret: SECRET }
  const job = await finished(await submit({ webhook, seed: 2 }))
  expect(job.status).toBe('succeeded')
  await expect.poll(() => world.received.length, { timeout: 15_000 }).toBe(2)
  const [first, second] = world.received
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
  const verifier = new Webhook(SECRET)
  for (const { headers, body } of world.received) {
    const payload = verifier.verify(body, headers as Record<string, string>)
    expect(payload).toMatchObject({ type: 'job.succeeded', data: { id: job.id } })
  }
})

test('a running job is canceled within two seconds', async () => {
  const { context } = world.container
  const latency = { runs: 10_000, batch_size: 1024 }
  const job = await submit({ evaluation: { task: 'classification', latency }, seed: 3 })
  const running = async (): Promise<string> => (await getJob(context, TENANT, job.id)).status
  await expect.poll(running, { timeout: 10_000 }).toBe('running')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const start = performance.now()
  await cancelJob(context, TENANT, job.id)
  expect((await finished(job)).status).toBe('canceled')
  expect(performance.now() - start).toBeLessThan(2000)
})

test('a job that runs past its timeout fails', async () => {
  const latency = { runs: 10_000, batch_size: 1024 }
  const evaluation = { task: 'classification', latency }
  const job = await finished(await submit({ evaluation, timeout_seconds: 1, seed: 4 }))
  expect(job.status).toBe('failed')
  expect(job.error!.code).toBe('deadline_exceeded')
})
