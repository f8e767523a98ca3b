// One try at a delivery. Only 2xx is success; everything else waits for its next time, across restarts.

import type { Agent } from 'undici'
import { request } from 'undici'
import type { DeliveryRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import { webhookSecrets } from '#src/services/webhook-secret'
import { webhookUrlFault } from '#src/services/webhook-url'
import type { WorkerContext } from '#workers/worker-context'
import { webhookSignature } from './webhook-signature.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Waits between tries, as Standard Webhooks proposes. */
export const RETRY_WAITS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const
/** Up to this share is added to a wait, so that receivers do not meet all tries at once. */
const JITTER = 0.1
const TIMEOUT_MS = 15 * SECOND
const READ_AT_MOST = 64 * 1024
const GONE = 410

export interface DeliveryOutcome {
  /** Epoch milliseconds of the next try; `null` when there is none. */
  readonly next: number | null
}

export async function deliverWebhook(
  context: WorkerContext,
  agent: Agent,
  id: string,
): Promise<DeliveryOutcome> {
  const { records, clock, options } = context.service
  const found = await records.get('delivery', id)
  if (found === null || found.record.status !== 'pending') return { next: null }
  const delivery = found.record
  const fault = webhookUrlFault(delivery.url, options.webhookAllow)
  const { outcome, status } =
    fault === null
      ? await post(context, agent, delivery)
      : { outcome: 'blocked_address', status: 0 }
  const delivered = status >= 200 && status < 300
  const wait = RETRY_WAITS_MS[delivery.attempts.length]
  const over = delivered || status === GONE || wait === undefined
  const next = over ? null : Math.round(clock.now() + wait * (1 + Math.random() * JITTER))
  const record: DeliveryRecord = {
    ...delivery,
    status: delivered ? 'delivered' : over ? 'failed' : 'pending',
    attempts: [...delivery.attempts, { at: timestamp(clock), outcome }],
    next_attempt: next ?? delivery.next_attempt,
  }
  await records.commit([{ op: 'update', collection: 'delivery', record, version: found.version }])
  context.log.debug({ delivery: id, outcome }, 'webhook tried')
  return { next }
}

async function post(
  context: WorkerContext,
  agent: Agent,
  delivery: DeliveryRecord,
): Promise<{ outcome: string; status: number }> {
  const seconds = Math.floor(context.service.clock.now() / SECOND)
  const secrets =
    delivery.secret === 'tenant'
      ? await webhookSecrets(context.service, delivery.tenant)
      : [delivery.secret]
  try {
    const response = await request(delivery.url, {
      method: 'POST',
      dispatcher: agent,
      body: delivery.body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'content-type': 'application/json',
        'user-agent': `Tersor/${context.service.options.version}`,
        'webhook-id': delivery.id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': webhookSignature(delivery.id, seconds, delivery.body, secrets),
      },
    })
    await response.body.dump({ limit: READ_AT_MOST }).catch(() => undefined)
    return { outcome: `HTTP ${response.statusCode}`, status: response.statusCode }
  } catch (error) {
    return { outcome: failureWords(error as NetworkError), status: 0 }
  }
}

interface NetworkError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly cause?: { readonly code?: string }
}

/** Codes only: messages of the network stack name addresses. */
function failureWords(error: NetworkError): string {
  if (error.message === 'blocked_address') return 'blocked_address'
  if (error.name === 'TimeoutError') return 'timeout'
  return error.code ?? error.cause?.code ?? 'connection failed'
}
