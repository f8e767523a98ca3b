// What `/metrics` of an API process tells of the whole service, read from the stores.

import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JobRecord } from '#src/domain/job'
import type { EventRecord } from '#src/domain/records'
import { firstIdAt } from '#src/domain/id'
import { NO_NEEDS } from '#src/domain/worker'
import { openMetrics } from '#src/http/metrics/open-metrics'
import type { ServiceContext } from '#src/services/service-context'
import { openTestContainer } from '#test/support/test-container'
import type { TestContainer } from '#test/support/test-container'
import { agedJob } from '#test/support/aged-records'
import { sample } from '#test/support/metric-sample'

const START = Date.parse('2026-03-01T12:00:00Z')
const SETTLED = 6000

let container: TestContainer
let context: ServiceContext
let now = START

beforeEach(async () => {
  container = await openTestContainer()
  now = START
  context = { ...container.context, clock: { now: () => now } }
})
afterEach(() => container.remove())

async function store(job: JobRecord, event: EventRecord['type'] | 'none'): Promise<void> {
  const ended = Date.parse(job.finished_at ?? job.created_at)
  const record = {
    id: firstIdAt('event', ended),
    tenant: job.tenant,
    job: job.id,
    type: event as EventRecord['type'],
    message: '',
    data: {},
    created_at: '',
  }
  const writes = [
    { op: 'insert', collection: 'job', record: job },
    ...(event === 'none' ? [] : [{ op: 'insert', collection: 'event', record } as const]),
  ] as const
  expect(await context.records.commit(writes)).toBe(true)
}

test('jobs that finish are counted once, with how long they waited and ran', async () => {
  await store(agedJob(START - 5000, 'succeeded'), 'job.succeeded')
  const metrics = openMetrics(context)
  await store(agedJob(START + 1000, 'succeeded'), 'job.succeeded')
  const error = {
    code: 'out_of_memory',
    message: '',
    stage: '',
    attempt: 1,
    retryable: false,
  } as const
  await store(agedJob(START + 2000, 'failed', { error }), 'job.failed')
  await store(agedJob(START + 2500, 'canceled', { started_at: null }), 'job.canceled')
  now = START + 3500 + SETTLED
  const text = await metrics.text()
  expect(sample(text, 'tersor_jobs_finished_total{status="succeeded",code="none"}')).toBe(1)
  expect(sample(text, 'tersor_jobs_finished_total{status="failed",code="out_of_memory"}')).toBe(1)
  expect(sample(text, 'tersor_jobs_finished_total{status="canceled",code="none"}')).toBe(1)
  expect(sample(text, 'tersor_job_wait_seconds_count')).toBe(2)
  expect(sample(text, 'tersor_job_wait_seconds_sum')).toBe(1)
  expect(sample(text, 'tersor_job_run_seconds_sum{status="succeeded"}')).toBe(0.5)
  expect(sample(text, 'tersor_jobs{status="succeeded"}')).toBe(2)
})

test('figures from the stores are read at most every few seconds, however many scrape', async () => {
  let counts = 0
  const { records } = context
  const counting: ServiceContext = {
    ...context,
    records: {
      ...records,
      count: async (collection, where) => {
        counts += 1
        return await records.count(collection, where)
      },
    },
  }
  const metrics = openMetrics(counting)
  await Promise.all([metrics.text(), metrics.text(), metrics.text()])
  const once = counts
  await metrics.text()
  expect(once).toBeGreaterThan(0)
  expect(counts).toBe(once)
})

test('the queue tells how much waits, and how long the oldest job does', async () => {
  await store(agedJob(START - 90_000, 'queued', { started_at: null }), 'none')
  await context.queue.enqueue({
    kind: 'compress',
    id: firstIdAt('job', START - 90_000),
    group: 'one',
    needs: NO_NEEDS,
    priority: 0,
    notBefore: 0,
  })
  const text = await openMetrics(context).text()
  expect(sample(text, 'tersor_queue_entries{kind="compress",state="waiting"}')).toBe(1)
  expect(sample(text, 'tersor_queue_entries{kind="compress",state="claimed"}')).toBe(0)
  expect(sample(text, 'tersor_queue_oldest_seconds{kind="compress"}')).toBe(90)
  expect(sample(text, 'tersor_queue_oldest_seconds{kind="deliver-webhook"}')).toBe(0)
})

test('a store that fails or is silent keeps no one from the other figures, and is told', async () => {
  const { records, queue } = context
  const metrics = openMetrics({
    ...context,
    queue: { ...queue, depth: () => new Promise(() => undefined) },
    records: {
      ...records,
      count: async (collection, where) => {
        if (collection === 'delivery') throw new Error('no answer')
        return await records.count(collection, where)
      },
    },
  })
  const text = await metrics.text()
  expect(sample(text, 'tersor_figures_fresh{part="queue"}')).toBe(0)
  expect(sample(text, 'tersor_figures_fresh{part="webhooks"}')).toBe(0)
  expect(sample(text, 'tersor_figures_fresh{part="jobs"}')).toBe(1)
  expect(sample(text, 'tersor_store_errors_total{store="records",call="count"}')).toBe(1)
  expect(sample(text, 'tersor_jobs{status="queued"}')).toBe(0)
})

test('an answer such as not_found is no failure of the store', async () => {
  const metrics = openMetrics(context)
  await expect(metrics.service.blobs.read('0'.repeat(64))).rejects.toThrow('not_found')
  const text = await metrics.text()
  expect(text).not.toContain('tersor_store_errors_total{')
})

test('this process and its memory and event loop are there', async () => {
  const text = await openMetrics(context).text()
  expect(sample(text, 'tersor_processes{role="api",state="alive"}')).toBe(1)
  expect(sample(text, 'tersor_worker_places{state="free"}')).toBe(0)
  expect(sample(text, 'tersor_process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect(sample(text, 'tersor_nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0)
})
