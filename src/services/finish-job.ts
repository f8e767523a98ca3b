// The commit that ends a job: its record, its last event and the delivery of its webhook, all or nothing.

import { newId } from '#src/domain/id'
import type { JobRecord } from '#src/domain/job'
import type { DeliveryRecord, JobEventType } from '#src/domain/records'
import type { Clock } from '#src/ports/clock'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import { jobEvent } from './job-event.ts'

export interface JobEnding {
  readonly writes: readonly Write[]
  /** To be enqueued once the writes are committed; `null` when no webhook wants to know. */
  readonly delivery: DeliveryRecord | null
}

/**
 * @param job with its terminal status, error, summary and artifacts set
 * @param version of the record it replaces
 */
export function jobEnding(job: JobRecord, version: number, clock: Clock): JobEnding {
  const type = `job.${job.status}` as Extract<
    JobEventType,
    'job.succeeded' | 'job.failed' | 'job.canceled'
  >
  const message = job.error === null ? `the job ${job.status}` : job.error.message
  const data = job.error === null ? {} : { error: job.error }
  const delivery = deliveryOf(job, type, clock)
  const writes: Write[] = [
    { op: 'update', collection: 'job', record: job, version },
    { op: 'insert', collection: 'event', record: jobEvent(job, type, message, data, clock) },
  ]
  if (delivery !== null) writes.push({ op: 'insert', collection: 'delivery', record: delivery })
  return { writes, delivery }
}

function deliveryOf(
  job: JobRecord,
  type: 'job.succeeded' | 'job.failed' | 'job.canceled',
  clock: Clock,
): DeliveryRecord | null {
  const { webhook } = job.spec
  if (webhook === null || !webhook.events.includes(type)) return null
  return {
    id: newId('delivery', clock.now()),
    tenant: job.tenant,
    job: job.id,
    url: webhook.url,
    secret: webhook.secret ?? 'tenant',
    type,
    body: JSON.stringify({ type, timestamp: timestamp(clock), data: thinJob(job) }),
    status: 'pending',
    attempts: [],
    next_attempt: clock.now(),
    created_at: timestamp(clock),
  }
}

/** Enough to know what happened; the rest is behind `GET /v1/jobs/{id}`. */
function thinJob(job: JobRecord): Record<string, unknown> {
  return {
    id: job.id,
    object: 'job',
    status: job.status,
    name: job.spec.name,
    model: job.model,
    created_at: job.created_at,
    finished_at: job.finished_at,
    error: job.error,
    summary: job.summary,
    metadata: job.spec.metadata,
  }
}
