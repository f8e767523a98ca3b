// One delivery for everybody who wants to hear of an event.

import { newId } from '#src/domain/id'
import type { DeliveryRecord, WebhookRecord } from '#src/domain/webhook'
import type { Clock } from '#src/ports/clock'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import { deliveryEntry } from '../queue-entries.ts'
import type { ServiceContext } from '../service-context.ts'

export type News = Pick<DeliveryRecord, 'tenant' | 'job' | 'event' | 'type' | 'body'>
type Receiver = Pick<DeliveryRecord, 'webhook' | 'url' | 'secret'>

/** Deliveries to those of the endpoints that asked for this type, and to `own`, the URL that a job brought. */
export function fanOut(
  news: News,
  endpoints: readonly WebhookRecord[],
  own: Receiver | null,
  clock: Clock,
): readonly DeliveryRecord[] {
  const asked = endpoints.filter(({ events }) => news.type !== 'ping' && events.includes(news.type))
  const receivers = [...asked.map(endpointReceiver), ...(own === null ? [] : [own])]
  return receivers.map((receiver) => newDelivery(news, receiver, clock))
}

export function endpointReceiver({ id, url }: WebhookRecord): Receiver {
  return { webhook: id, url, secret: 'webhook' }
}

export function newDelivery(
  { tenant, job, event, type, body }: News,
  { webhook, url, secret }: Receiver,
  clock: Clock,
  redeliveryOf: string | null = null,
): DeliveryRecord {
  return {
    id: newId('delivery', clock.now()),
    tenant,
    webhook,
    job,
    event,
    url,
    secret,
    type,
    body,
    status: 'pending',
    attempts: [],
    next_attempt: clock.now(),
    redelivery_of: redeliveryOf,
    created_at: timestamp(clock),
  }
}

export function deliveryWrites(deliveries: readonly DeliveryRecord[]): readonly Write[] {
  return deliveries.map((record) => ({ op: 'insert', collection: 'delivery', record }))
}

/** A queue that fails now is no failure of what happened: the sweeper queues what the records hold. */
export async function enqueueDeliveries(
  { queue }: Pick<ServiceContext, 'queue'>,
  deliveries: readonly DeliveryRecord[],
): Promise<void> {
  try {
    for (const delivery of deliveries) await queue.enqueue(deliveryEntry(delivery))
  } catch {
    return
  }
}
