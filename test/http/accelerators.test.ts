// Jobs that ask for an accelerator, over HTTP: which words are taken, what is said when no worker has it, and when it fails.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'

interface World {
  readonly service: RunningService
  readonly newJob: (change?: object) => object
}

async function startWorld(
  env: Readonly<Record<string, string>>,
  parts: Parameters<typeof startService>[1] = {},
): Promise<World> {
  const service = await startService(env, parts)
  const { url } = service
  const uploads = [
    await call(url, 'POST', '/v1/models', toyModel()),
    await call(url, 'POST', '/v1/datasets?format=npz', toyDataset(32)),
  ]
  const [model, dataset] = uploads.map(({ json }) => json['id'])
  const newJob = (change = {}) => ({
    model,
    steps: [{ type: 'quantize', method: 'dynamic' }],
    datasets: { evaluation: dataset },
    evaluation: { task: 'classification', latency: { runs: 5 } },
    ...change,
  })
  return { service, newJob }
}

describe('where the only worker has nothing but a CPU', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ TERSOR_ACCELERATORS: 'cpu' })
  })
  afterAll(() => world.service.stop())

  test('it says so', async () => {
    const { json } = await call(world.service.url, 'GET', '/v1/workers')
    expect(json['data']).toMatchObject([{ accelerators: ['cpu'], status: 'active' }])
  })

  test.each(['cpu', 'auto'])('%s runs, and nothing fell back', async (accelerator) => {
    const { url } = world.service
    const body = world.newJob({ accelerator })
    const plan = await call(url, 'POST', '/v1/jobs', { ...body, dry_run: true })
    expect(plan.json['warnings']).toEqual([])
    const job = await call(url, 'POST', '/v1/jobs', body, { prefer: 'wait=25' })
    expect(job.json['status'], job.text).toBe('succeeded')
    const { json } = await call(url, 'GET', `/v1/jobs/${String(job.json['id'])}/report`)
    expect(json['coverage']).toMatchObject({
      provider: 'cpu',
      nodes_by_provider: { cpu: 1 },
      evaluation: { provider: 'cpu' },
      fallback: 'none',
    })
  })

  test.each(['cuda', 'webgpu'])('%s waits for a worker that offers it', async (accelerator) => {
    const { url } = world.service
    const body = world.newJob({ accelerator })
    const plan = await call(url, 'POST', '/v1/jobs', { ...body, dry_run: true })
    expect(plan.json).toMatchObject({
      accepted: true,
      warnings: [
        {
          code: 'no_worker',
          detail: `no worker offers ${accelerator} now; the job would wait for one`,
        },
      ],
    })
    const job = await call(url, 'POST', '/v1/jobs', body, { prefer: 'wait=1' })
    expect(job.json).toMatchObject({
      status: 'queued',
      progress: { message: `waiting: no worker offers ${accelerator} now` },
    })
    const canceled = await call(url, 'POST', `/v1/jobs/${String(job.json['id'])}/cancel`)
    expect(canceled.json['status']).toBe('canceled')
  })

  test('another word is refused with those that are known', async () => {
    const body = world.newJob({ accelerator: 'tpu' })
    const { status, json } = await call(world.service.url, 'POST', '/v1/jobs', body)
    expect(status).toBe(422)
    expect(json['detail']).toMatch(/auto.*cpu.*cuda.*webgpu/)
  })
})

test('a worker whose accelerator fails in the job runs it on the CPU; report and page say so', async () => {
  const pretended = { accelerators: ['cpu', 'cuda'] } as const
  const world = await startWorld({ TERSOR_ACCELERATORS: 'cpu' }, { pretended })
  try {
    const { url } = world.service
    const body = world.newJob({ accelerator: 'cuda' })
    const job = await call(url, 'POST', '/v1/jobs', body, { prefer: 'wait=25' })
    expect(job.json['status'], job.text).toBe('succeeded')
    const path = `/v1/jobs/${String(job.json['id'])}/report`
    const { json } = await call(url, 'GET', path)
    const reason = 'cuda: the runtime does not load the model on it'
    expect(json['coverage']).toMatchObject({
      provider: 'cpu',
      fallback: { requested: 'cuda', reason },
    })
    expect(json['warnings']).toContainEqual({
      code: 'accelerator_fallback',
      detail: `the job asked for cuda; the CPU ran instead: ${reason}`,
    })
    const page = await call(url, 'GET', path, null, { accept: 'text/html' })
    expect(page.text).toContain('Timed on the CPU')
    expect(page.text).toContain(reason)
  } finally {
    await world.service.stop()
  }
})
