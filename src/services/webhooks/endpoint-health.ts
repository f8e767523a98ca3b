// What the tries say about an endpoint: one that is gone, or that has failed for days, is disabled, and others are told.

import { newId } from '#src/domain/id'
import type { DeliveryRecord, DisabledReason, WebhookRecord } from '#src/domain/webhook'
import type { Clock } from '#src/ports/clock'
import { timestamp } from '#src/ports/clock'
import type { ServiceContext } from '../service-context.ts'
import { deliveryWrites, enqueueDeliveries, fanOut } from './fan-out.ts'

const HOUR = 3600 * 1000
/** Failing for this long, with no success, disables. */
export const FAILING_MS = 5 * 24 * HOUR
/** Failures further apart are not one failure: the longest wait between tries is 24 h. */
const FAILING_GAP_MS = 48 * HOUR
/** How exactly the last failure is known: not each try changes the endpoint's record. */
const FAILING_STEP_MS = HOUR
const ATTEMPTS = 5

export type TryResult = 'delivered' | 'failed' | 'gone'

type HealthContext = Pick<ServiceContext, 'records' | 'clock' | 'queue' | 'endpoints'>

/** To be called after each try at an endpoint. */
export async function noteTry(
  context: HealthContext,
  webhook: string,
  result: TryResult,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await context.records.get('webhook', webhook)
    if (found === null || found.record.status === 'disabled') return
    const { record, version } = found
    const failing = failingAfter(record.failing, result, context.clock.now())
    const reason = disablingReason(failing, result)
    if (reason !== null) {
      if (await disable(context, record, version, reason)) return
    } else {
      if (failing === record.failing) return
      const next = { ...record, failing }
      const write = { op: 'update', collection: 'webhook', record: next, version } as const
      if (await context.records.commit([write])) return
    }
  }
}

type Failing = WebhookRecord['failing']

/** The same value when nothing need be written. */
function failingAfter(before: Failing, result: TryResult, now: number): Failing {
  if (result === 'delivered') return null
  if (before === null || now - before.last > FAILING_GAP_MS) return { since: now, last: now }
  return now - before.last < FAILING_STEP_MS ? before : { since: before.since, last: now }
}

function disablingReason(failing: Failing, result: TryResult): DisabledReason | null {
  if (result === 'gone') return 'gone'
  return failing !== null && failing.last - failing.since >= FAILING_MS ? 'failing' : null
}

/** False when the endpoint was changed meanwhile. */
async function disable(
  context: HealthContext,
  before: WebhookRecord,
  version: number,
  reason: DisabledReason,
): Promise<boolean> {
  const { records, clock, endpoints } = context
  const record: WebhookRecord = {
    ...before,
    status: 'disabled',
    disabled_reason: reason,
    disabled_at: timestamp(clock),
    updated_at: timestamp(clock),
  }
  const deliveries = await disabledNews(context, record)
  const done = await records.commit([
    { op: 'update', collection: 'webhook', record, version },
    ...deliveryWrites(deliveries),
  ])
  if (!done) return false
  endpoints.forget(record.tenant)
  await enqueueDeliveries(context, deliveries)
  return true
}

async function disabledNews(
  { clock, endpoints }: HealthContext,
  record: WebhookRecord,
): Promise<readonly DeliveryRecord[]> {
  const all = await endpoints.of(record.tenant, 'now')
  const others = all.filter(({ id }) => id !== record.id)
  const news = {
    tenant: record.tenant,
    job: 'none',
    event: newId('event', clock.now()),
    type: 'webhook.disabled',
    body: disabledBody(record, clock),
  } as const
  return fanOut(news, others, null, clock)
}

function disabledBody(record: WebhookRecord, clock: Clock): string {
  const { id, url, status, disabled_reason, disabled_at } = record
  const data = { id, object: 'webhook', url, status, disabled_reason, disabled_at }
  return JSON.stringify({ type: 'webhook.disabled', timestamp: timestamp(clock), data })
}
