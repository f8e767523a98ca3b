// One try at a delivery. Only 2xx is success; everything else waits for its next time, across restarts.

import type { Agent } from 'undici'
import type { DeliveryRecord } from '#src/domain/webhook'
import type { Versioned } from '#src/ports/record-store'
import type { DeliveryTarget } from '#src/services/webhooks/delivery-target'
import { deliveryTarget } from '#src/services/webhooks/delivery-target'
import type { TryResult } from '#src/services/webhooks/endpoint-health'
import { noteTry } from '#src/services/webhooks/endpoint-health'
import type { WorkerContext } from '#workers/worker-context'
import type { TaskSignals } from './compress.ts'
import type { WebhookAnswer } from './post-webhook.ts'
import { postWebhook } from './post-webhook.ts'
import { nextWait, retryAfterMs } from './retry-schedule.ts'
import { webhookSignature } from './webhook-signature.ts'

const GONE = 410
/** Answers that may say when to come back. */
const BUSY: readonly number[] = [429, 503]

type DeliveryContext = Pick<WorkerContext, 'service' | 'log'>

export interface DeliveryOutcome {
  /** Epoch milliseconds of the next try; `null` when there is none. */
  readonly next: number | null
}

/** When this worker must stop, or has lost the lease, a try that is under way does not count. */
export async function deliverWebhook(
  context: DeliveryContext,
  agent: Agent,
  id: string,
  { drain, lost }: Pick<TaskSignals, 'drain' | 'lost'>,
): Promise<DeliveryOutcome> {
  const { records, clock } = context.service
  const found = await records.get('delivery', id)
  if (found === null || found.record.status !== 'pending') return { next: null }
  const began = clock.now()
  const target = await deliveryTarget(context.service, found.record)
  const answer = await answerOf(context, agent, found.record, target, [drain, lost])
  if (answer === null) return { next: began }
  const delivered = answer.status >= 200 && answer.status < 300
  const { record: delivery } = found
  const asked = BUSY.includes(answer.status) ? retryAfterMs(answer.retryAfter, clock.now()) : 0
  const final =
    delivered || answer.status === GONE || target.kind === 'nowhere' || delivery.type === 'ping'
  const wait = final ? null : nextWait(delivery.attempts.length + 1, asked, Math.random())
  const attempt = {
    at: new Date(began).toISOString(),
    outcome: answer.outcome,
    duration_ms: Math.max(0, clock.now() - began),
  }
  const record: DeliveryRecord = {
    ...delivery,
    url: target.kind === 'nowhere' ? delivery.url : target.url,
    status: delivered ? 'delivered' : wait === null ? 'failed' : 'pending',
    attempts: [...delivery.attempts, attempt],
    next_attempt: wait === null ? delivery.next_attempt : clock.now() + wait,
  }
  const committed = await records.commit([
    { op: 'update', collection: 'delivery', record, version: found.version },
  ])
  context.log.debug({ delivery: id, outcome: answer.outcome }, 'webhook tried')
  if (delivery.webhook !== 'none' && target.kind === 'url') {
    const result: TryResult = delivered ? 'delivered' : answer.status === GONE ? 'gone' : 'failed'
    await noteTry(context.service, delivery.webhook, result)
  }
  return committed
    ? { next: record.status === 'pending' ? record.next_attempt : null }
    : afterOthers(await records.get('delivery', id))
}

/** Somebody else changed the delivery meanwhile, and what they wrote holds. */
function afterOthers(found: Versioned<DeliveryRecord> | null): DeliveryOutcome {
  return { next: found?.record.status === 'pending' ? found.record.next_attempt : null }
}

async function answerOf(
  context: DeliveryContext,
  agent: Agent,
  { event, body }: DeliveryRecord,
  target: DeliveryTarget,
  signals: readonly AbortSignal[],
): Promise<WebhookAnswer | null> {
  if (target.kind !== 'url') {
    const outcome = target.kind === 'nowhere' ? target.outcome : 'blocked_address'
    return { outcome, status: 0, retryAfter: undefined }
  }
  const seconds = Math.floor(context.service.clock.now() / 1000)
  const headers = {
    'content-type': 'application/json',
    'user-agent': `Tersor/${context.service.options.version}`,
    'webhook-id': event,
    'webhook-timestamp': String(seconds),
    'webhook-signature': webhookSignature(event, seconds, body, target.secrets),
  }
  return await postWebhook(agent, target.url, headers, body, signals)
}
