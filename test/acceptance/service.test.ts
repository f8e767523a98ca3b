// The service from outside: the built program, driven through the generated SDK.

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewJob } from '@tersor/sdk'
import { Tersor } from '@tersor/sdk'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import type { ServiceProcesses } from '#test/support/service-processes'
import { testProfile } from '#test/support/profile'
import { startProcesses } from '#test/support/service-processes'
import { toyDataset, toyModel } from '#test/support/toy-model'

let folder: string
let program: ServiceProcesses
let tersor: Tersor
let model = ''
let dataset = ''

const hooks: { headers: IncomingHttpHeaders; body: string }[] = []
const receiver = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    hooks.push({ headers: request.headers, body })
    response.end()
  })
})

const start = async (): Promise<void> => {
  program = await startProcesses(join(folder, 'data'), { TERSOR_WEBHOOK_ALLOW: '127.0.0.1/32' })
  tersor = new Tersor({ baseUrl: program.url })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acceptance-'))
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  await start()
  model = (await tersor.uploadModel(toyModel(), 'toy')).id
  dataset = (await tersor.uploadDataset(toyDataset(128), 'toy', 'npz')).id
})

afterAll(async () => {
  await program.kill('SIGTERM')
  receiver.close()
  // What was killed may still write for a moment.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

const newJob = (more: Partial<NewJob> = {}): NewJob => ({
  model,
  steps: [{ type: 'quantize', method: 'static' }],
  datasets: { calibration: dataset, evaluation: dataset },
  evaluation: { task: 'classification' },
  ...more,
})

const eventually = async (truth: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await truth()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it did not come true within 10 s')
}

test('a model goes in, a smaller one that runs comes out, with a report and a signed webhook', async () => {
  const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
  const { port } = receiver.address() as AddressInfo
  const webhook = { url: `http://127.0.0.1:${port}/hook`, secret }
  const job = await tersor.waitForJob((await tersor.createJob(newJob({ webhook }))).id)
  expect(job.error).toBeNull()
  expect(job.status).toBe('succeeded')

  const report = await tersor.getReport(job.id)
  expect(report.change.compression_ratio).toBeGreaterThan(1.5)
  expect(report.compressed).toMatchObject({
    quality: { metric: 'top1', samples: 128 },
    unavailable: expect.any(Object),
  })
  for (const measures of [report.original, report.compressed]) {
    expect(measures.latency_ms?.p50).toBeGreaterThan(0)
    expect(measures.cpu_ms_per_inference).toBeGreaterThan(0)
    expect(measures.peak_memory_bytes).toBeGreaterThan(20e6)
    expect(measures.transfer_bytes).toBeGreaterThan(0)
    // Where the machine tells no energy, the report says why.
    expect(
      measures.energy_mj_per_inference ?? measures.unavailable['energy_mj_per_inference'],
    ).toBeDefined()
  }

  const artifact = (await tersor.listArtifacts(job.id)).find(({ kind }) => kind === 'model')!
  const bytes = await tersor.download(artifact)
  expect(toyModel().length / bytes.length).toBeCloseTo(report.change.compression_ratio, 6)
  const session = await openRuntime().load(bytes, { threads: 1, optimization: 'all' })
  const { y } = await session.run({
    x: { dtype: 'float32', dims: [2, 3, 8, 8], data: new Float32Array(384) },
  })
  expect(y?.dims).toEqual([2, 4])
  await session.release()

  await eventually(() => hooks.length > 0)
  const { headers, body } = hooks[0]!
  const event = new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string
    data: { id: string }
  }
  expect([event.type, event.data.id]).toEqual(['job.succeeded', job.id])
})

test('half of the channels go, and what is left runs', async () => {
  const steps: NewJob['steps'] = [{ type: 'prune', method: 'channel', min_channels: 1 }]
  const job = await tersor.waitForJob((await tersor.createJob(newJob({ steps }))).id)
  expect(job.error).toBeNull()
  const report = await tersor.getReport(job.id)
  expect(report.compressed.macs!).toBeLessThan(0.6 * report.original.macs!)
  expect(report.steps[0]).toMatchObject({ type: 'prune', method: 'channel' })
  const artifact = (await tersor.listArtifacts(job.id)).find(({ kind }) => kind === 'model')!
  const bytes = await tersor.download(artifact)
  const session = await openRuntime().load(bytes, { threads: 1, optimization: 'all' })
  const { y } = await session.run({
    x: { dtype: 'float32', dims: [2, 3, 8, 8], data: new Float32Array(384) },
  })
  expect(y?.dims).toEqual([2, 4])
  await session.release()
})

test('the same job again, its spec posted back, is the same job: the result is the earlier one, byte for byte', async () => {
  const first = await tersor.waitForJob((await tersor.createJob(newJob({ seed: 1 }))).id)
  const second = await tersor.waitForJob((await tersor.createJob(first.spec)).id)
  const hashes = await Promise.all(
    [first, second].map(
      async ({ id }) =>
        (await tersor.listArtifacts(id)).find(({ kind }) => kind === 'model')!.sha256,
    ),
  )
  expect(second.reused_from).toBe(first.id)
  expect(hashes[1]).toBe(hashes[0])
})

test('a running job is canceled, and its child with it', async () => {
  const slow = newJob({
    evaluation: { task: 'classification', latency: { runs: 10_000 } },
    seed: 2,
  })
  const { id } = await tersor.createJob(slow)
  await eventually(async () => (await tersor.getJob(id)).status === 'running')
  await tersor.cancelJob(id)
  await eventually(async () => (await tersor.getJob(id)).status === 'canceled')
  await expect(tersor.cancelJob(id)).rejects.toMatchObject({
    problem: { code: 'job_already_finished' },
  })
})

test('a job over its time fails and says so', async () => {
  const steps: NewJob['steps'] = [{ type: 'simplify' }]
  const slow = newJob({
    steps,
    timeout_seconds: 1,
    evaluation: { task: 'classification', latency: { runs: 10_000, batch_size: 1024 } },
  })
  const job = await tersor.waitForJob((await tersor.createJob(slow)).id)
  expect([job.status, job.error?.code]).toEqual(['failed', 'deadline_exceeded'])
})

test(
  'killed while a job runs, it takes the job over when it starts again',
  { timeout: 60_000 },
  async () => {
    const { id } = await tersor.createJob(newJob({ seed: 3 }), 'the-same-key')
    await eventually(async () => (await tersor.getJob(id)).status === 'running')
    await program.kill('SIGKILL')
    await start()
    const again = await tersor.createJob(newJob({ seed: 3 }), 'the-same-key')
    expect(again.id).toBe(id)
    const job = await tersor.waitForJob(id)
    expect([job.status, job.attempt]).toEqual(['succeeded', 2])
    const [artifact] = await tersor.listArtifacts(id)
    await tersor.download(artifact!)
  },
)

test('a stop is clean: nothing of a job is left in the scratch folder', async () => {
  const scratch = join(folder, 'data/scratch')
  const before = await readdir(scratch)
  const ended = await program.kill('SIGTERM')
  expect(new Set(ended)).toEqual(new Set([0]))
  // Where processes share a folder, those that were killed above leave theirs to the clean-up by age.
  const left = testProfile() === 'embedded' ? 0 : before.length - ended.length
  expect(await readdir(scratch)).toHaveLength(left)
  await start()
})

test('an address that others can reach needs a key', async () => {
  const attempt = startProcesses(join(folder, 'open'), { TERSOR_HOST: '0.0.0.0' })
  await expect(attempt).rejects.toThrow(/no API key/)
})
