// Row 23 of the fault matrix: receivers that drip a byte a second or hang are cut off after 15 s and keep no other waiting.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WebhookReceiver } from '#test/support/webhook-receiver'
import { drip, hang, startReceiver } from '#test/support/webhook-receiver'
import type { SeenDelivery, WebhookService } from '#test/support/webhook-service'
import { startWebhookService } from '#test/support/webhook-service'

/** Of each kind: with four deliveries each, they would take more than all 32 places of the worker. */
const SLOW_RECEIVERS = 6
const SLOW_DELIVERIES = 10
const QUICK_DELIVERIES = 60
const PAUSE_MS = 100
/** Far below the 15 s after which a slow one is cut off; far above what a loaded machine takes. */
const P95_MS = 5000
const PLACES_PER_RECEIVER = 4
const SOON = { timeout: 20_000 }

let service: WebhookService
const slow: WebhookReceiver[] = []

beforeAll(async () => {
  service = await startWebhookService()
})
afterAll(async () => {
  await service.stop()
  await Promise.all(slow.map((receiver) => receiver.close()))
})

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test('slow receivers delay no other', { timeout: 120_000 }, async () => {
  const { receiver, ask, register } = service
  const webhooks: string[] = []
  const answers = Array.from({ length: SLOW_RECEIVERS }, () => [drip, hang]).flat()
  for (const answer of answers) {
    const away = await startReceiver()
    slow.push(away)
    away.answer('/slow', answer)
    const { json } = await ask('POST', '/v1/webhooks', { url: `${away.url}/slow` })
    webhooks.push(String(json['id']))
  }
  const quick = await register('/quick')
  for (let count = 0; count < SLOW_DELIVERIES; count += 1)
    for (const id of webhooks) await ask('POST', `/v1/webhooks/${id}/test`)
  const made = new Map<string, number>()
  for (let count = 0; count < QUICK_DELIVERIES; count += 1) {
    const { json } = await ask('POST', `/v1/webhooks/${quick.id}/test`)
    made.set(String(json['event']), Date.parse(String(json['created_at'])))
    await pause(PAUSE_MS)
  }
  await expect.poll(() => receiver.received('/quick').length, SOON).toBe(QUICK_DELIVERIES)
  const delays = receiver
    .received('/quick')
    .map(({ at, headers }) => at - made.get(String(headers['webhook-id']))!)
    .toSorted((one, other) => one - other)
  expect(delays[Math.ceil(delays.length * 0.95) - 1]).toBeLessThan(P95_MS)

  for (const [index, id] of webhooks.entries()) {
    const times = slow[index]!.received('/slow').map(({ at }) => at)
    expect(times.length).toBeGreaterThanOrEqual(PLACES_PER_RECEIVER)
    // A place at a receiver is free when a delivery was cut off, not before.
    for (const [later, at] of times.slice(PLACES_PER_RECEIVER).entries())
      expect(at - times[later]!).toBeGreaterThan(10_000)
    const cut = async () =>
      (await ask('GET', `/v1/webhooks/${id}/deliveries?status=failed`)).json[
        'data'
      ] as SeenDelivery[]
    await expect
      .poll(async () => (await cut()).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(PLACES_PER_RECEIVER)
    for (const { attempts } of await cut()) {
      expect(attempts[0]!.outcome).toBe('timeout')
      expect(attempts[0]!.duration_ms).toBeGreaterThan(14_900)
      expect(attempts[0]!.duration_ms).toBeLessThan(30_000)
    }
  }
})

test('a stop waits for no receiver', async () => {
  const { ask } = service
  const away = await startReceiver()
  slow.push(away)
  away.answer('/slow', hang)
  const { json } = await ask('POST', '/v1/webhooks', { url: `${away.url}/slow` })
  await ask('POST', `/v1/webhooks/${String(json['id'])}/test`)
  await expect.poll(() => away.received('/slow').length, SOON).toBe(1)
  const began = Date.now()
  await service.stop()
  // The receiver would be waited for 15 s.
  expect(Date.now() - began).toBeLessThan(12_000)
  service = await startWebhookService()
})
