// Jobs that ask for an accelerator, over HTTP: which words are taken, what is said when no worker has it, and when it fails.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '#src/domain/report'
import type { RunningService } from '#test/support/running-service'
import { CHILD, call, startService } from '#test/support/running-service'
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

test('a worker that finds WebGPU runs the job on it; one that does not says that it offers none', async () => {
  const world = await startWorld({ TERSOR_ACCELERATORS: 'webgpu' })
  try {
    const { url } = world.service
    const workers = await call(url, 'GET', '/v1/workers?accelerator=webgpu')
    const offers = (workers.json['data'] as readonly object[]).length === 1
    const body = world.newJob({ accelerator: 'webgpu', steps: [{ type: 'simplify' }] })
    const job = await call(url, 'POST', '/v1/jobs', body, { prefer: `wait=${offers ? 60 : 1}` })
    if (!offers) {
      const message = 'waiting: no worker offers webgpu now'
      expect(job.json).toMatchObject({ status: 'queued', progress: { message } })
      return
    }
    expect(job.json['status'], job.text).toBe('succeeded')
    const { json } = await call(url, 'GET', `/v1/jobs/${String(job.json['id'])}/report`)
    const coverage = json['coverage'] as Report['coverage']
    expect(coverage).toMatchObject({ provider: 'webgpu', fallback: 'none' })
    expect(coverage.evaluation.provider).toBe('webgpu')
    expect(coverage.nodes_by_provider!['webgpu']).toBeGreaterThan(0.5)
    expect(json['compressed']).toMatchObject({ agreement: 1, quality: { metric: 'top1' } })
  } finally {
    await world.service.stop()
  }
}, 90_000)

/** A job that asks for an accelerator which the worker has no more: what report and page say. */
async function reportOfFallback(
  accelerator: 'cuda' | 'webgpu',
  child?: string,
): Promise<{ readonly json: Readonly<Record<string, unknown>>; readonly page: string }> {
  const pretended = { accelerators: ['cpu', accelerator] } as const
  const parts = child === undefined ? { pretended } : { pretended, child }
  const world = await startWorld({ TERSOR_ACCELERATORS: 'cpu' }, parts)
  try {
    const { url } = world.service
    const body = world.newJob({ accelerator })
    const job = await call(url, 'POST', '/v1/jobs', body, { prefer: 'wait=25' })
    expect(job.json['status'], job.text).toBe('succeeded')
    const path = `/v1/jobs/${String(job.json['id'])}/report`
    const { json } = await call(url, 'GET', path)
    const page = await call(url, 'GET', path, null, { accept: 'text/html' })
    return { json, page: page.text }
  } finally {
    await world.service.stop()
  }
}

test('a worker whose accelerator fails in the job runs it on the CPU; report and page say so', async () => {
  const { json, page } = await reportOfFallback('cuda')
  const reason = 'cuda: the runtime does not load the model on it'
  expect(json['coverage']).toMatchObject({
    provider: 'cpu',
    fallback: { requested: 'cuda', reason },
  })
  expect(json['warnings']).toContainEqual({
    code: 'accelerator_fallback',
    detail: `the job asked for cuda; the CPU ran instead: ${reason}`,
  })
  expect(page).toContain('Timed on the CPU')
  expect(page).toContain(reason)
})

test('a driver that kills the process costs one try: the next child stays on the CPU', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-crashing-'))
  try {
    const child = join(folder, 'child.mjs')
    await writeFile(
      child,
      `process.argv[1] = ${JSON.stringify(CHILD)}
       await import(${JSON.stringify(pathToFileURL(CHILD).href)})
       process.once('message', ({ task, crashed }) => {
         if (task === 'compress' && !crashed) process.kill(process.pid, 'SIGSEGV')
       })`,
    )
    const { json } = await reportOfFallback('webgpu', child)
    expect(json['coverage']).toMatchObject({
      provider: 'cpu',
      fallback: {
        requested: 'webgpu',
        reason: 'a process that used it ended without an answer',
      },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
