// What a job's change makes: one event, and a delivery for each who asked. And how often endpoints are looked up.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { TersorError } from '#src/domain/errors'
import type { JobRecord } from '#src/domain/job'
import { NO_NEEDS } from '#src/domain/worker'
import { jobSpec } from '#src/recipes/job-spec'
import { EnabledEndpoints } from '#src/services/webhooks/enabled-endpoints'
import { jobNews } from '#src/services/webhooks/job-news'
import type { WebhookTries } from '#test/support/webhook-tries'
import { openWebhookTries, TENANT } from '#test/support/webhook-tries'
import { patientService } from '#workers/patience'

let tries: WebhookTries

beforeEach(async () => {
  tries = await openWebhookTries()
})
afterEach(() => tries.close())

function job(spec: object, finished: boolean): JobRecord {
  return {
    id: 'job_1',
    tenant: TENANT,
    status: finished ? 'succeeded' : 'queued',
    stage: 'queued',
    progress: { fraction: 0, step: 0, steps: 1, message: '', eta_seconds: null },
    attempt: 1,
    worker: null,
    left_by: [],
    takeovers: 0,
    spec: jobSpec.parse({ model: 'model_1', steps: [{ type: 'simplify' }], ...spec }),
    model: 'model_1',
    needs: NO_NEEDS,
    created_at: '2026-01-01T00:00:00.000Z',
    started_at: null,
    finished_at: finished ? '2026-01-01T00:01:00.000Z' : null,
    error: null,
    summary: null,
    artifacts: [],
    checkpoints: [],
    artifacts_expired_at: null,
    reused_from: null,
    fingerprint: '',
  }
}

test('one event is told to whoever asked for its type, with one id for all', async () => {
  const { context, endpoint } = tries
  const ends = await endpoint('https://example.com/ends')
  const starts = await endpoint('https://example.com/starts', ['job.queued', 'job.started'])
  const webhook = { url: 'https://example.org/own', events: ['job.succeeded'] }
  const queued = await jobNews(context, job({ webhook }, false), 1, 'job.queued', '', {})
  expect(queued.deliveries.map((delivery) => delivery.webhook)).toEqual([starts.id])
  const ended = await jobNews(context, job({ webhook }, true), 7, 'job.succeeded', '', {})
  expect(ended.deliveries.map((delivery) => delivery.webhook)).toEqual([ends.id, 'none'])
  expect(ended.writes.map((write) => write.collection)).toEqual(['event', 'delivery', 'delivery'])
  const [event] = ended.writes
  const id = event!.op === 'insert' ? event!.record.id : ''
  for (const { event: told, body } of ended.deliveries) {
    expect(told).toBe(id)
    expect(JSON.parse(body)).toMatchObject({ type: 'job.succeeded', data: { sequence: 7 } })
    expect(body).not.toContain('whsec_')
  }
})

test('a body stays below 20 kB, whatever the job carries', async () => {
  const { context, endpoint } = tries
  await endpoint('https://example.com/')
  const pairs = Array.from({ length: 50 }, (_, index) => [`key${index}`, '€'.repeat(500)])
  const big = job({ metadata: Object.fromEntries(pairs), name: '€'.repeat(256) }, true)
  const { deliveries } = await jobNews(context, big, 1, 'job.succeeded', '', {})
  expect(Buffer.byteLength(deliveries[0]!.body)).toBeLessThan(20_000)
  expect(JSON.parse(deliveries[0]!.body)).toMatchObject({ data: { metadata: null } })
})

test('endpoints are looked up at most once a second, but for the end of a job', async () => {
  const { context, clock } = tries
  let lookUps = 0
  const { records } = context
  const list: typeof records.list = (collection, query) => {
    lookUps += Number(collection === 'webhook')
    return records.list(collection, query)
  }
  const endpoints = new EnabledEndpoints({ ...records, list }, clock)
  const counted = { clock, endpoints }
  for (let count = 0; count < 100; count += 1)
    await jobNews(counted, job({}, false), 1, 'job.queued', '', {})
  expect(lookUps).toBe(1)
  clock.advance(1000)
  await jobNews(counted, job({}, false), 1, 'job.queued', '', {})
  expect(lookUps).toBe(2)
  await jobNews(counted, job({}, true), 1, 'job.succeeded', '', {})
  expect(lookUps).toBe(3)
})

test('a worker waits for a store that is away to tell of the end of a job', async () => {
  const { context, endpoint, clock } = tries
  const { id } = await endpoint('https://example.com/')
  let failures = 2
  const { records } = context
  const list: typeof records.list = async (collection, query) => {
    failures -= 1
    if (failures >= 0) throw new TersorError('unavailable', 'the store is away')
    return await records.list(collection, query)
  }
  const away = { ...records, list }
  const service = { ...context, records: away, endpoints: new EnabledEndpoints(away, clock) }
  const giveUp = new AbortController().signal
  const patient = patientService(service, { longestMs: 10_000, giveUp, onWait: () => undefined })
  const { deliveries } = await jobNews(patient, job({}, true), 1, 'job.succeeded', '', {})
  expect(deliveries.map(({ webhook }) => webhook)).toEqual([id])
})
