// Deliveries that are tried one by one while a test moves the clock.

import type { Agent } from 'undici'
import { newId } from '#src/domain/id'
import type { DeliveryRecord, WebhookEvent, WebhookRecord } from '#src/domain/webhook'
import { DEFAULT_WEBHOOK_EVENTS } from '#src/domain/webhook'
import type { ServiceContext } from '#src/services/service-context'
import { EnabledEndpoints } from '#src/services/webhooks/enabled-endpoints'
import { endpointReceiver, newDelivery } from '#src/services/webhooks/fan-out'
import { createWebhook } from '#src/services/webhooks/webhooks'
import type { DeliveryOutcome } from '#workers/tasks/deliver-webhook'
import { deliverWebhook } from '#workers/tasks/deliver-webhook'
import { webhookAgent } from '#workers/tasks/webhook-connector'
import type { MovableClock } from './movable-clock.ts'
import { movableClock } from './movable-clock.ts'
import { openTestContainer } from './test-container.ts'

export const TENANT = 'one'

export interface WebhookTries {
  readonly context: ServiceContext
  readonly clock: MovableClock
  readonly endpoint: (url: string, events?: readonly WebhookEvent[]) => Promise<WebhookRecord>
  /** A pending delivery, to an endpoint or to the URL of a job. */
  readonly deliver: (to: WebhookRecord | string) => Promise<string>
  readonly tryOnce: (
    id: string,
    signals?: Parameters<typeof deliverWebhook>[3],
  ) => Promise<DeliveryOutcome>
  readonly delivery: (id: string) => Promise<DeliveryRecord>
  readonly close: () => Promise<void>
}

const calm = () => ({ drain: new AbortController().signal, lost: new AbortController().signal })

export async function openWebhookTries(): Promise<WebhookTries> {
  const container = await openTestContainer({ TERSOR_WEBHOOK_ALLOW: '127.0.0.0/8' })
  const { log } = container
  const clock = movableClock()
  const { records } = container.context
  const context = { ...container.context, clock, endpoints: new EnabledEndpoints(records, clock) }
  const agent: Agent = webhookAgent(container.config.webhookAllow)
  return {
    context,
    clock,
    endpoint: (url, events = DEFAULT_WEBHOOK_EVENTS) =>
      createWebhook(context, TENANT, { url, events, description: '', metadata: {}, secret: null }),
    deliver: async (to) => {
      const type = 'job.succeeded'
      const body = JSON.stringify({ type, timestamp: '', data: {} })
      const news = { tenant: TENANT, job: 'none', event: newId('event'), type, body } as const
      const own = { webhook: 'none', url: String(to), secret: 'tenant' }
      const record = newDelivery(news, typeof to === 'string' ? own : endpointReceiver(to), clock)
      await records.commit([{ op: 'insert', collection: 'delivery', record }])
      return record.id
    },
    tryOnce: (id, signals = calm()) =>
      deliverWebhook({ service: context, log }, agent, id, signals),
    delivery: async (id) => (await records.get('delivery', id))!.record,
    close: async () => {
      await agent.close()
      await container.remove()
    },
  }
}
