// Jobs: look up, list, cancel, wait.

import { TersorError } from '#src/domain/errors'
import type { JobRecord } from '#src/domain/job'
import { isTerminal } from '#src/domain/job'
import type { EventRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import type { Versioned } from '#src/ports/record-store'
import { dropCheckpointBytes } from './checkpoints.ts'
import { jobEnding } from './finish-job.ts'
import { jobEvent } from './job-event.ts'
import type { Page, PageRequest } from './list-page.ts'
import { listPage } from './list-page.ts'
import { getOwned } from './owned-record.ts'
import type { ServiceContext } from './service-context.ts'
import { enqueueDeliveries } from './webhooks/fan-out.ts'

export async function getJob(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<JobRecord> {
  return (await getOwned(context.records, 'job', tenant, id)).record
}

export async function listJobs(
  context: ServiceContext,
  tenant: string,
  filters: { readonly status?: string; readonly model?: string },
  page: PageRequest,
): Promise<Page<JobRecord>> {
  return await listPage(context.records, 'job', tenant, { tenant, ...filters }, page)
}

export async function listJobEvents(
  context: ServiceContext,
  tenant: string,
  job: string,
  page: PageRequest,
): Promise<Page<EventRecord>> {
  await getOwned(context.records, 'job', tenant, job)
  return await listPage(context.records, 'event', tenant, { job }, page)
}

/** 0 = next; `null` when the job does not wait in the queue. */
export async function queuePosition(
  context: ServiceContext,
  job: JobRecord,
): Promise<number | null> {
  if (job.status !== 'queued') return null
  // The job itself is known: a queue that cannot answer now must not hide it.
  return await context.queue.position('compress', job.id).catch((error: unknown) => {
    if (error instanceof TersorError) return null
    throw error
  })
}

/**
 * Queued jobs are canceled at once, running ones as soon as their worker stops. Asking again changes nothing.
 * @throws TersorError not_found, job_already_finished
 */
export async function cancelJob(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<JobRecord> {
  for (;;) {
    const found = await getOwned(context.records, 'job', tenant, id)
    const { status } = found.record
    if (isTerminal(status)) {
      throw new TersorError('job_already_finished', `the job has ${statusWords(status)} already`)
    }
    if (status === 'canceling') return found.record
    const next =
      status === 'queued' ? await cancelQueued(context, found) : await askWorker(context, found)
    if (next !== null) return next
  }
}

function statusWords(status: JobRecord['status']): string {
  return status === 'canceled' ? 'been canceled' : status
}

/** `null` when somebody else changed the record meanwhile. */
async function cancelQueued(
  context: ServiceContext,
  found: Versioned<JobRecord>,
): Promise<JobRecord | null> {
  const { clock, records, queue, feed } = context
  const job: JobRecord = {
    ...found.record,
    status: 'canceled',
    stage: 'canceled',
    progress: { ...found.record.progress, message: 'canceled before it started' },
    finished_at: timestamp(clock),
  }
  const { writes, deliveries, checkpoints } = await jobEnding(context, job, found.version)
  if (!(await records.commit(writes))) return null
  await dropCheckpointBytes(context, checkpoints)
  await queue.remove('compress', job.id)
  await enqueueDeliveries(context, deliveries)
  await feed.publish({ job: job.id, kind: 'changed' })
  return job
}

async function askWorker(
  context: ServiceContext,
  found: Versioned<JobRecord>,
): Promise<JobRecord | null> {
  const { clock, records, feed } = context
  const job: JobRecord = { ...found.record, status: 'canceling' }
  const event = jobEvent(job, 'job.canceling', 'the worker was asked to stop', {}, clock)
  const done = await records.commit([
    { op: 'update', collection: 'job', record: job, version: found.version },
    { op: 'insert', collection: 'event', record: event },
  ])
  if (!done) return null
  await feed.publish({ job: job.id, kind: 'cancel' })
  await feed.publish({ job: job.id, kind: 'changed' })
  return job
}

// Should a message of the feed be lost, the record is read again after this long.
const POLL_MS = 1000

/** Resolves with the job once it is terminal, or as it is when the time is over or the signal aborts. */
export async function waitForJob(
  context: ServiceContext,
  tenant: string,
  id: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<JobRecord> {
  const deadline = Date.now() + milliseconds
  const inbox = { news: false, wake: (): void => undefined }
  const stop = await context.feed.subscribe(id, () => {
    inbox.news = true
    inbox.wake()
  })
  try {
    for (;;) {
      inbox.news = false
      const job = await getJob(context, tenant, id)
      const left = deadline - Date.now()
      if (isTerminal(job.status) || left <= 0 || signal.aborted) return job
      if (!inbox.news) await sleepUntilNews(inbox, Math.min(left, POLL_MS), signal)
    }
  } finally {
    stop()
  }
}

async function sleepUntilNews(
  inbox: { wake: () => void },
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    inbox.wake = wake
    signal.addEventListener('abort', wake, { once: true })
  })
}
