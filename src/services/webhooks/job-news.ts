// What happened to a job, as an event and its deliveries: to be committed together with the change itself.

import type { JobRecord } from '#src/domain/job'
import type { JobEventType } from '#src/domain/records'
import type { DeliveryRecord, WebhookEvent } from '#src/domain/webhook'
import type { Clock } from '#src/ports/clock'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import { jobEvent } from '../job-event.ts'
import type { ServiceContext } from '../service-context.ts'
import { deliveryWrites, fanOut } from './fan-out.ts'

type Told = Extract<JobEventType, WebhookEvent>

export interface JobNews {
  readonly writes: readonly Write[]
  /** To be enqueued once the writes are committed. */
  readonly deliveries: readonly DeliveryRecord[]
}

/** Receivers may count on bodies below this size (Standard Webhooks: keep payloads under 20 kB). */
const LARGEST_BODY_BYTES = 20_000

/**
 * @param job as it is after the change
 * @param version which the record has then: rises with every change, so that receivers can put events in order
 */
export async function jobNews(
  { clock, endpoints }: Pick<ServiceContext, 'clock' | 'endpoints'>,
  job: JobRecord,
  version: number,
  type: Told,
  message: string,
  data: Readonly<Record<string, unknown>>,
): Promise<JobNews> {
  const event = jobEvent(job, type, message, data, clock)
  const { webhook } = job.spec
  const own =
    webhook !== null && (webhook.events as readonly string[]).includes(type)
      ? { webhook: 'none', url: webhook.url, secret: webhook.secret ?? 'tenant' }
      : null
  const ends = job.finished_at !== null
  const wanted = await endpoints.of(job.tenant, ends ? 'now' : 'recent')
  const told: Write = { op: 'insert', collection: 'event', record: event }
  if (wanted.length === 0 && own === null) return { writes: [told], deliveries: [] }
  const news = {
    tenant: job.tenant,
    job: job.id,
    event: event.id,
    type,
    body: jobBody(job, version, type, clock),
  }
  const deliveries = fanOut(news, wanted, own, clock)
  return {
    writes: [told, ...deliveryWrites(deliveries)],
    deliveries,
  }
}

/** Enough to know what happened; the rest is behind `GET /v1/jobs/{id}`. */
function jobBody(job: JobRecord, sequence: number, type: Told, clock: Clock): string {
  const data = {
    id: job.id,
    object: 'job',
    sequence,
    status: job.status,
    attempt: job.attempt,
    name: job.spec.name,
    model: job.model,
    created_at: job.created_at,
    finished_at: job.finished_at,
    error: job.error,
    summary: job.summary,
    metadata: job.spec.metadata as Readonly<Record<string, string>> | null,
    urls: { self: `/v1/jobs/${job.id}` },
  }
  const body = { type, timestamp: timestamp(clock), data }
  const whole = JSON.stringify(body)
  if (Buffer.byteLength(whole) < LARGEST_BODY_BYTES) return whole
  return JSON.stringify({ ...body, data: { ...data, metadata: null } })
}
