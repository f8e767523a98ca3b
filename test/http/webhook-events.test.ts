// What endpoints hear of a job, how it is signed, and who else may see it. Children run the built program.

import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#src/domain/id'
import { SYSTEM_CLOCK } from '#src/ports/clock'
import { endpointReceiver, newDelivery } from '#src/services/webhooks/fan-out'
import type { Received } from '#test/support/webhook-receiver'
import type { WebhookService } from '#test/support/webhook-service'
import { startWebhookService } from '#test/support/webhook-service'

let service: WebhookService

const SOON = { timeout: 25_000, interval: 50 }
const ALL = ['job.queued', 'job.started', 'job.retrying', 'job.succeeded', 'job.failed']

beforeAll(async () => {
  service = await startWebhookService()
})
afterAll(() => service.stop())

interface Told {
  readonly type: string
  readonly data: { readonly id: string; readonly sequence: number; readonly metadata: unknown }
}

const verified = ({ headers, body }: Received, secret: string): Told =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as Told

const ping = (id: string) => service.ask('POST', `/v1/webhooks/${id}/test`)

const typesAt = (path: string): string[] =>
  service.receiver.received(path).map(({ body }) => (JSON.parse(body) as Told).type)

test('a job is told to every endpoint that asked for it, and to its own URL', async () => {
  const { receiver, register, submit, ask } = service
  const all = await register('/all', { events: ALL })
  const ends = await register('/ends')
  await register('/failures', { events: ['job.failed'] })
  const off = await register('/off')
  await ask('PATCH', `/v1/webhooks/${off.id}`, { status: 'disabled' })
  const gone = await register('/deleted')
  await ask('DELETE', `/v1/webhooks/${gone.id}`)
  const own = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
  const job = await submit({
    webhook: { url: `${receiver.url}/own`, secret: own },
    metadata: { run: '7' },
  })

  await expect.poll(() => typesAt('/all'), SOON).toContain('job.succeeded')
  await expect.poll(() => typesAt('/ends').length + typesAt('/own').length, SOON).toBe(2)
  const told = receiver.received('/all').map((received) => verified(received, all.secret))
  const inOrder = told.toSorted((one, other) => one.data.sequence - other.data.sequence)
  expect(inOrder.map(({ type }) => type)).toEqual(['job.queued', 'job.started', 'job.succeeded'])
  expect(new Set(told.map(({ data }) => data.id))).toEqual(new Set([job]))
  expect(verified(receiver.received('/ends')[0]!, ends.secret).type).toBe('job.succeeded')
  expect(verified(receiver.received('/own')[0]!, own)).toMatchObject({
    type: 'job.succeeded',
    data: { id: job, object: 'job', status: 'succeeded', error: null, metadata: { run: '7' } },
  })
  for (const path of ['/failures', '/off', '/deleted']) expect(receiver.received(path)).toEqual([])

  // webhook-id is the id of the event, whoever is told.
  const events = (await ask('GET', `/v1/jobs/${job}/events`)).json['data'] as { id: string }[]
  const ids = receiver.received('/all').map(({ headers }) => headers['webhook-id'])
  expect(new Set(ids)).toEqual(new Set(events.map(({ id }) => id)))
  const list = await ask('GET', `/v1/deliveries?job=${job}&status=delivered`)
  expect(list.json['data']).toHaveLength(5)
  expect(list.text).not.toContain('whsec_')
})

test('during a rotation both secrets verify; without overlap the old one is out at once', async () => {
  const { receiver, register, ask } = service
  const { id, secret: first } = await register('/rotated')
  const { json } = await ask('POST', `/v1/webhooks/${id}/rotate`)
  const second = String(json['secret'])
  expect(json['previous_secret']).toBe(first)
  await ping(id)
  await expect.poll(() => receiver.received('/rotated').length, SOON).toBe(1)
  const [during] = receiver.received('/rotated')
  expect(String(during!.headers['webhook-signature']).split(' ')).toHaveLength(2)
  for (const secret of [first, second]) expect(verified(during!, secret).type).toBe('ping')

  const { json: after } = await ask('POST', `/v1/webhooks/${id}/rotate`, { overlap_seconds: 0 })
  const third = String(after['secret'])
  expect(after['previous_secret']).toBeNull()
  await ping(id)
  await expect.poll(() => receiver.received('/rotated').length, SOON).toBe(2)
  const [, last] = receiver.received('/rotated')
  expect(verified(last!, third).type).toBe('ping')
  for (const secret of [first, second]) expect(() => verified(last!, secret)).toThrow(/signature/i)
})

test('a rotation is over when its overlap is', async () => {
  const { receiver, register, ask } = service
  const { id, secret: first } = await register('/overlap')
  await ask('POST', `/v1/webhooks/${id}/rotate`, { overlap_seconds: 1 })
  await new Promise((resolve) => setTimeout(resolve, 1100))
  expect((await ask('GET', `/v1/webhooks/${id}/secret`)).json['previous_secret']).toBeNull()
  await ping(id)
  await expect.poll(() => receiver.received('/overlap').length, SOON).toBe(1)
  expect(() => verified(receiver.received('/overlap')[0]!, first)).toThrow(/signature/i)
})

test('a job without a secret of its own is signed with the default one, in rotation too', async () => {
  const { receiver, submit, ask } = service
  const before = String((await ask('GET', '/v1/webhooks/default/secret')).json['secret'])
  const rotated = await ask('POST', '/v1/webhooks/default/secret/rotate')
  expect(rotated.json['previous_secret']).toBe(before)
  const webhook = { url: `${receiver.url}/default` }
  await submit({ webhook, metadata: { run: '8' } })
  await expect.poll(() => receiver.received('/default').length, SOON).toBe(1)
  for (const secret of [before, String(rotated.json['secret'])])
    expect(verified(receiver.received('/default')[0]!, secret).type).toBe('job.succeeded')
})

test('a delivery that the queue has lost is found by the sweep', async () => {
  const { receiver, register, running } = service
  const { id } = await register('/lost')
  const { records } = running.container.context
  const webhook = (await records.get('webhook', id))!.record
  const news = {
    tenant: webhook.tenant,
    job: 'none',
    event: newId('event'),
    type: 'job.failed',
    body: '{"type":"job.failed"}',
  } as const
  const record = newDelivery(news, endpointReceiver(webhook), SYSTEM_CLOCK)
  await records.commit([{ op: 'insert', collection: 'delivery', record }])
  await expect.poll(() => receiver.received('/lost').length, SOON).toBe(1)
})

test('the same key makes one webhook and one ping', async () => {
  const { receiver, ask } = service
  const key = { 'idempotency-key': 'once' }
  const url = { url: `${receiver.url}/keyed` }
  const made = [
    await ask('POST', '/v1/webhooks', url, key),
    await ask('POST', '/v1/webhooks', url, key),
  ]
  expect(made[1]!.headers.get('idempotent-replayed')).toBe('true')
  expect(made[1]!.json).toEqual(made[0]!.json)
  const path = `/v1/webhooks/${String(made[0]!.json['id'])}/test`
  const pings = [await ask('POST', path, null, key), await ask('POST', path, null, key)]
  expect(pings[1]!.json['id']).toBe(pings[0]!.json['id'])
  const rotate = path.replace('test', 'rotate')
  const rotated = [await ask('POST', rotate, null, key), await ask('POST', rotate, null, key)]
  expect(rotated[1]!.json).toEqual(rotated[0]!.json)
  expect(rotated[0]!.json['previous_secret']).toBe(made[0]!.json['secret'])
})
