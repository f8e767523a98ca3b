// Steps that the service chooses, over HTTP: what a dry run promises, and what is refused before anything is queued.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'

let service: RunningService
const ids: Record<string, string> = {}

beforeAll(async () => {
  service = await startService({})
  const model = await call(service.url, 'POST', '/v1/models', toyModel())
  const data = await call(service.url, 'POST', '/v1/datasets?format=npz', toyDataset(32))
  ids['model'] = String(model.json['id'])
  ids['data'] = String(data.json['id'])
})
afterAll(() => service.stop())

const job = (more: object = {}): object => ({
  model: ids['model'],
  steps: 'auto',
  goal: { max_size_bytes: 1_000_000 },
  datasets: { calibration: ids['data'], evaluation: ids['data'] },
  evaluation: { task: 'classification', latency: { runs: 5 } },
  ...more,
})

describe('steps that the service chooses', () => {
  test('a job of them succeeds, and its report lists what was tried', async () => {
    const done = await call(service.url, 'POST', '/v1/jobs', job(), { prefer: 'wait=50' })
    expect(done.json).toMatchObject({ status: 'succeeded', steps: 'auto', spec: { steps: 'auto' } })
    const path = `/v1/jobs/${String(done.json['id'])}/report`
    const { json } = await call(service.url, 'GET', path)
    expect(json['search']).toMatchObject({ reached: true, ended: 'complete' })
    const page = await call(service.url, 'GET', path, undefined, { accept: 'text/html' })
    expect(page.text).toContain('What was tried')
  })

  test('a dry run lists what would be tried, and why some is not', async () => {
    const { status, json } = await call(service.url, 'POST', '/v1/jobs', job({ dry_run: true }))
    expect(status).toBe(200)
    const steps = json['steps'] as { method: string | null; accepted: boolean; reasons: string[] }[]
    expect(json['accepted']).toBe(true)
    expect(steps.find(({ method }) => method === 'static')).toMatchObject({ accepted: true })
    expect(steps.find(({ method }) => method === 'qat')).toMatchObject({
      accepted: false,
      reasons: ['needs a dataset for train'],
    })
  })

  test.each<[string, object, number, string, RegExp]>([
    ['no goal', { goal: null }, 422, '/goal', /max_metric_drop, max_size_bytes or min_speedup/],
    ['a goal without a limit', { goal: { on_miss: 'fail' } }, 422, '/goal', /chosen for a goal/],
    [
      'no data to tell what is lost',
      { datasets: {}, evaluation: { task: 'none' } },
      422,
      '/datasets/evaluation',
      /must be measured/,
    ],
    ['another word', { steps: 'automatic' }, 400, '/steps', /array.*or "auto"/],
    ['no steps', { steps: [] }, 422, '/steps', /at least 1 item/],
  ])('%s is refused', async (_, more, status, pointer, detail) => {
    const refused = await call(service.url, 'POST', '/v1/jobs', job(more))
    expect(refused.status, refused.text).toBe(status)
    const [error] = refused.json['errors'] as { pointer: string; detail: string }[]
    expect(error?.pointer).toBe(pointer)
    expect(error?.detail).toMatch(detail)
  })
})
