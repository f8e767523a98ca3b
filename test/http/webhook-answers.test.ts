// Rows 22 and 24 of the fault matrix: what receivers may answer, and what comes of it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startReceiver } from '#test/support/webhook-receiver'
import type { WebhookService } from '#test/support/webhook-service'
import { startWebhookService } from '#test/support/webhook-service'

let service: WebhookService

const SOON = { timeout: 20_000, interval: 50 }
const ON_QUEUED = { events: ['job.queued'] }

beforeAll(async () => {
  service = await startWebhookService()
})
afterAll(() => service.stop())

/** Seconds from the end of the last try to the next one. */
const waitAfter = (delivery: Awaited<ReturnType<WebhookService['tried']>>): number => {
  const { at, duration_ms: duration } = delivery.attempts.at(-1)!
  return (Date.parse(delivery.next_attempt_at!) - Date.parse(at) - duration) / 1000
}

test('redirects are not followed', async () => {
  const { receiver, register, submit, tried } = service
  const moved = [301, 302, 307, 308].map((status) => ({ status, path: `/moved/${status}` }))
  const webhooks = await Promise.all(
    moved.map(async ({ status, path }) => {
      receiver.answer(path, (response) =>
        response.writeHead(status, { location: `${receiver.url}/inside` }).end(),
      )
      return { status, ...(await register(path, ON_QUEUED)) }
    }),
  )
  await submit()
  for (const { id, status } of webhooks) {
    const delivery = await tried(id)
    expect(delivery).toMatchObject({
      status: 'pending',
      attempts: [{ outcome: `HTTP ${status}` }],
    })
    await service.ask('DELETE', `/v1/webhooks/${id}`)
  }
  expect(receiver.received('/inside')).toEqual([])
})

test('Retry-After is honoured with 429 and 503, as seconds and as a date, up to a day', async () => {
  const { receiver, register, submit, tried } = service
  const date = new Date(Date.now() + 3600_000).toUTCString()
  const cases = [
    { path: '/busy/seconds', status: 429, after: '90', low: 90, high: 99 },
    { path: '/busy/date', status: 503, after: date, low: 3590, high: 3961 },
    { path: '/busy/endless', status: 429, after: '99999999', low: 86_400, high: 95_041 },
    { path: '/busy/soon', status: 429, after: '1', low: 5, high: 5.6 },
    { path: '/busy/nonsense', status: 503, after: 'later', low: 5, high: 5.6 },
    { path: '/broken', status: 500, after: '90', low: 5, high: 5.6 },
  ]
  const webhooks = await Promise.all(
    cases.map(async ({ path, status, after, ...range }) => {
      receiver.answer(path, (response) =>
        response.writeHead(status, { 'retry-after': after }).end(),
      )
      return { path, ...range, ...(await register(path, ON_QUEUED)) }
    }),
  )
  await submit()
  for (const { id, path, low, high } of webhooks) {
    const wait = waitAfter(await tried(id))
    expect(wait, path).toBeGreaterThanOrEqual(low - 0.05)
    expect(wait, path).toBeLessThanOrEqual(high + 0.05)
    await service.ask('DELETE', `/v1/webhooks/${id}`)
  }
})

test('of an endless answer little is read, and its status counts', async () => {
  const { receiver, register, submit, tried } = service
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const sent = { bytes: 0, closed: false }
  receiver.answer('/endless', (response) => {
    response.writeHead(200, { 'content-length': String(2 ** 30) })
    response.on('close', () => (sent.closed = true))
    const more = (): void => {
      while (sent.bytes < 2 ** 30 && !sent.closed) {
        sent.bytes += chunk.length
        if (!response.write(chunk)) return void response.once('drain', more)
      }
    }
    more()
  })
  const { id } = await register('/endless', ON_QUEUED)
  await submit()
  const delivery = await tried(id)
  expect(delivery).toMatchObject({ status: 'delivered', attempts: [{ outcome: 'HTTP 200' }] })
  expect(delivery.attempts[0]!.duration_ms).toBeLessThan(14_000)
  await expect.poll(() => sent.closed, SOON).toBe(true)
  // What the sockets hold is sent, but not read: a few MiB of 1 GiB.
  expect(sent.bytes).toBeLessThan(32 * 2 ** 20)
  await service.ask('DELETE', `/v1/webhooks/${id}`)
})

test('410 disables the endpoint, others hear of it, and it can be enabled again', async () => {
  const { receiver, register, submit, tried, ask } = service
  receiver.answer('/gone', (response, count) => response.writeHead(count === 1 ? 410 : 204).end())
  const watcher = await register('/watcher', { events: ['webhook.disabled'] })
  const { id } = await register('/gone', ON_QUEUED)
  await submit()
  const failed = await tried(id)
  expect(failed).toMatchObject({ status: 'failed', next_attempt_at: null })
  await expect.poll(() => receiver.received('/watcher').length, SOON).toBe(1)
  expect(JSON.parse(receiver.received('/watcher')[0]!.body)).toMatchObject({
    type: 'webhook.disabled',
    data: { id, status: 'disabled', disabled_reason: 'gone' },
  })
  const { json } = await ask('GET', `/v1/webhooks/${id}`)
  expect(json).toMatchObject({ status: 'disabled', disabled_reason: 'gone' })
  const refused = await ask('POST', `/v1/deliveries/${failed.id}/redeliver`)
  expect([refused.status, refused.json['code']]).toEqual([409, 'webhook_disabled'])

  await ask('PATCH', `/v1/webhooks/${id}`, { status: 'enabled' })
  const again = await ask('POST', `/v1/deliveries/${failed.id}/redeliver`)
  expect(again.json).toMatchObject({ redelivery_of: failed.id, event: failed.event })
  await expect.poll(() => receiver.received('/gone').length, SOON).toBe(2)
  const ids = receiver.received('/gone').map(({ headers }) => headers['webhook-id'])
  expect(ids).toEqual([failed.event, failed.event])
  for (const made of [id, watcher.id]) await ask('DELETE', `/v1/webhooks/${made}`)
})

test('a receiver that was away is reached at once by a redelivery, at its new address', async () => {
  const { register, submit, tried, ask } = service
  const away = await startReceiver()
  await away.close()
  const { id } = await register('/unused', ON_QUEUED)
  await ask('PATCH', `/v1/webhooks/${id}`, { url: `${away.url}/back` })
  await submit()
  const failed = await tried(id)
  expect(failed).toMatchObject({ status: 'pending', attempts: [{ outcome: 'ECONNREFUSED' }] })

  const back = await startReceiver()
  try {
    await ask('PATCH', `/v1/webhooks/${id}`, { url: `${back.url}/back` })
    const { json } = await ask('POST', `/v1/deliveries/${failed.id}/redeliver`)
    await expect.poll(() => back.received('/back').length, SOON).toBe(1)
    expect(back.received('/back')[0]!.headers['webhook-id']).toBe(failed.event)
    const path = `/v1/deliveries/${String(json['id'])}`
    await expect.poll(async () => (await ask('GET', path)).json['status']).toBe('delivered')
    const replaced = await ask('GET', `/v1/deliveries/${failed.id}`)
    expect(replaced.json).toMatchObject({ status: 'replaced', next_attempt_at: null })
    // The first one's retry was due after 5 s: it never comes.
    await new Promise((resolve) => setTimeout(resolve, 6500))
    expect(back.received('/back')).toHaveLength(1)
  } finally {
    await back.close()
  }
})
