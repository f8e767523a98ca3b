// A service that may call a receiver beside it, and what tests of webhooks ask of both.

import { expect } from 'vitest'
import type { Reply, RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'
import type { WebhookReceiver } from './webhook-receiver.ts'
import { startReceiver } from './webhook-receiver.ts'

export interface Registered {
  readonly id: string
  readonly secret: string
}

export interface SeenDelivery {
  readonly id: string
  readonly status: string
  readonly event: string
  readonly type: string
  readonly url: string
  readonly next_attempt_at: string | null
  readonly redelivery_of: string | null
  readonly attempts: readonly {
    readonly at: string
    readonly outcome: string
    readonly duration_ms: number
  }[]
}

export interface WebhookService {
  readonly running: RunningService
  readonly receiver: WebhookReceiver
  readonly ask: (
    method: string,
    path: string,
    body?: object | null,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Reply>
  /** An endpoint at a path of the receiver. */
  readonly register: (path: string, more?: object) => Promise<Registered>
  /** Submits a job and gives its id; its first event is `job.queued`. */
  readonly submit: (more?: object) => Promise<string>
  readonly deliveries: (webhook: string) => Promise<readonly SeenDelivery[]>
  /** The only delivery to an endpoint, once it has been tried. */
  readonly tried: (webhook: string) => Promise<SeenDelivery>
  readonly stop: () => Promise<void>
}

const SOON = { timeout: 20_000, interval: 50 }

export async function startWebhookService(): Promise<WebhookService> {
  const receiver = await startReceiver()
  const running = await startService({ TERSOR_WEBHOOK_ALLOW: '127.0.0.1/32' })
  const ask: WebhookService['ask'] = (method, path, body = null, headers = {}) =>
    call(running.url, method, path, body, headers)
  const uploads = [
    await call(running.url, 'POST', '/v1/models', toyModel()),
    await call(running.url, 'POST', '/v1/datasets?format=npz', toyDataset(16)),
  ]
  const [model, dataset] = uploads.map(({ json }) => String(json['id']))
  const deliveries: WebhookService['deliveries'] = async (webhook) =>
    (await ask('GET', `/v1/webhooks/${webhook}/deliveries`)).json['data'] as SeenDelivery[]
  return {
    running,
    receiver,
    ask,
    deliveries,
    register: async (path, more = {}) => {
      const reply = await ask('POST', '/v1/webhooks', { url: receiver.url + path, ...more })
      expect(reply.status, reply.text).toBe(201)
      return { id: String(reply.json['id']), secret: String(reply.json['secret']) }
    },
    submit: async (more = {}) => {
      const spec = {
        model,
        steps: [{ type: 'quantize', method: 'static' }],
        datasets: { calibration: dataset },
        ...more,
      }
      const reply = await ask('POST', '/v1/jobs', spec)
      expect(reply.status, reply.text).toBe(201)
      return String(reply.json['id'])
    },
    tried: async (webhook) => {
      let seen: readonly SeenDelivery[] = []
      await expect
        .poll(async () => {
          seen = await deliveries(webhook)
          return seen.map(({ attempts }) => attempts.length)
        }, SOON)
        .toEqual([1])
      return seen[0]!
    },
    stop: async () => {
      await running.stop()
      await receiver.close()
    },
  }
}
