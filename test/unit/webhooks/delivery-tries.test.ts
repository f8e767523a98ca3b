// Row 22 of the fault matrix, with a clock that is moved: the schedule to its end, redelivery, races, and what ends a delivery.

import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest'
import { deliveryBacklog } from '#src/services/webhooks/delivery-backlog'
import { redeliver } from '#src/services/webhooks/redeliver'
import { deleteWebhook } from '#src/services/webhooks/webhooks'
import type { WebhookReceiver } from '#test/support/webhook-receiver'
import { hang, startReceiver } from '#test/support/webhook-receiver'
import type { WebhookTries } from '#test/support/webhook-tries'
import { openWebhookTries, TENANT } from '#test/support/webhook-tries'
import { RETRY_WAITS_MS } from '#workers/tasks/retry-schedule'

const HOUR = 3600 * 1000

let tries: WebhookTries
let receiver: WebhookReceiver

beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver.close())
beforeEach(async () => {
  tries = await openWebhookTries()
})
afterEach(() => tries.close())

test('a receiver that is down is tried ten times within 84 hours, then on demand', async () => {
  const { clock, context, endpoint, deliver, tryOnce, delivery } = tries
  receiver.answer('/down', (response) => response.writeHead(500).end())
  const id = await deliver(await endpoint(`${receiver.url}/down`))
  const began = clock.now()
  const waits: number[] = []
  for (;;) {
    const { next } = await tryOnce(id)
    if (next === null) break
    waits.push(next - clock.now())
    clock.set(next)
  }
  expect(waits).toHaveLength(RETRY_WAITS_MS.length)
  for (const [index, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(RETRY_WAITS_MS[index]!)
    expect(wait).toBeLessThanOrEqual(RETRY_WAITS_MS[index]! * 1.1)
  }
  expect((clock.now() - began) / HOUR).toBeGreaterThan(75.5)
  expect((clock.now() - began) / HOUR).toBeLessThan(83.3)
  const failed = await delivery(id)
  expect(failed.status).toBe('failed')
  expect(failed.attempts).toHaveLength(10)
  expect(new Set(failed.attempts.map(({ outcome }) => outcome))).toEqual(new Set(['HTTP 500']))

  receiver.answer('/down', (response) => response.writeHead(204).end())
  const again = await redeliver(context, TENANT, id)
  expect(await tryOnce(again.id)).toEqual({ next: null })
  expect(await delivery(again.id)).toMatchObject({ status: 'delivered', redelivery_of: id })
  const ids = receiver.received('/down').map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(11)
  expect(new Set(ids)).toEqual(new Set([failed.event]))
})

test('two workers that try at once may both be heard, but one outcome is kept', async () => {
  const { endpoint, deliver, tryOnce, delivery } = tries
  receiver.answer('/twice', (response) => response.writeHead(500).end())
  const id = await deliver(await endpoint(`${receiver.url}/twice`))
  const outcomes = await Promise.all([tryOnce(id), tryOnce(id)])
  const { attempts, next_attempt: next } = await delivery(id)
  expect(attempts).toHaveLength(1)
  expect(outcomes).toEqual([{ next }, { next }])
})

test('a try that is given up does not count', async () => {
  const { endpoint, deliver, tryOnce, delivery, clock } = tries
  receiver.answer('/hang', hang)
  const id = await deliver(await endpoint(`${receiver.url}/hang`))
  for (const which of ['drain', 'lost'] as const) {
    const stop = new AbortController()
    const calm = new AbortController().signal
    const trying = tryOnce(id, { drain: calm, lost: calm, [which]: stop.signal })
    const before = receiver.received('/hang').length
    await expect.poll(() => receiver.received('/hang').length).toBe(before + 1)
    stop.abort()
    expect(await trying).toEqual({ next: clock.now() })
  }
  expect(await delivery(id)).toMatchObject({ status: 'pending', attempts: [] })
})

test('what was to go to a deleted endpoint fails', async () => {
  const { context, endpoint, deliver, tryOnce, delivery } = tries
  const made = await endpoint(`${receiver.url}/deleted`)
  const id = await deliver(made)
  await deleteWebhook(context, TENANT, made.id)
  expect(await tryOnce(id)).toEqual({ next: null })
  expect(await delivery(id)).toMatchObject({
    status: 'failed',
    attempts: [{ outcome: 'webhook_deleted' }],
  })
  await expect(redeliver(context, TENANT, id)).rejects.toMatchObject({ code: 'webhook_disabled' })
  expect(receiver.received('/deleted')).toEqual([])
})

test('an address that is not allowed any more is not called', async () => {
  const { deliver, tryOnce, delivery } = tries
  const id = await deliver('https://10.0.0.1/hook')
  expect((await tryOnce(id)).next).not.toBeNull()
  expect((await delivery(id)).attempts).toMatchObject([{ outcome: 'blocked_address' }])
})

test('the URL of a job that answers 410 is tried no more', async () => {
  const { deliver, tryOnce, delivery } = tries
  receiver.answer('/gone', (response) => response.writeHead(410).end())
  const id = await deliver(`${receiver.url}/gone`)
  expect(await tryOnce(id)).toEqual({ next: null })
  expect((await delivery(id)).status).toBe('failed')
})

test('the backlog counts what is pending and how old the oldest is', async () => {
  const { context, clock, endpoint, deliver, tryOnce } = tries
  expect(await deliveryBacklog(context)).toEqual({ pending: 0, oldestAgeMs: null })
  const made = await endpoint(`${receiver.url}/backlog`)
  const ids = [await deliver(made)]
  clock.advance(60_000)
  ids.push(await deliver(made))
  expect(await deliveryBacklog(context)).toEqual({ pending: 2, oldestAgeMs: 60_000 })
  await tryOnce(ids[0]!)
  expect(await deliveryBacklog(context)).toEqual({ pending: 1, oldestAgeMs: 0 })
})
