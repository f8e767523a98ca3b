// URLs that webhooks must not have, however they are written: in a job, in a new endpoint, in a change of one.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'

let service: RefusingService
let webhook = ''

beforeAll(async () => {
  service = await startRefusingService()
  const { json } = await call(service.url, 'POST', '/v1/webhooks', { url: 'https://example.com/' })
  webhook = String(json['id'])
})
afterAll(() => service.stop())

const URLS: readonly (readonly [url: string, detail: RegExp])[] = [
  ['', /absolute URL/],
  ['/hook', /absolute URL/],
  ['https://', /absolute URL/],
  ['https://127.0.0.1/', /not public/],
  ['https://[::ffff:7f00:1]/', /not public/],
  ['https://[::7f00:1]/', /not public/],
  ['https://[::1]/', /not public/],
  ['https://[::]/', /not public/],
  ['https://[64:ff9b::a9fe:a9fe]/', /not public/],
  ['https://[64:ff9b:1::a9fe:a9fe]/', /not public/],
  ['https://[2002:7f00:1::]/', /not public/],
  ['https://[fe80::1]/', /not public/],
  ['https://[fec0::1]/', /not public/],
  ['https://[fd00::1]/', /not public/],
  ['https://[5f00::1]/', /not public/],
  ['https://[2001:db8::1]/', /not public/],
  ['https://2130706433/', /not public/],
  ['https://0x7f.1/', /not public/],
  ['https://017700000001/', /not public/],
  ['https://127.1/', /not public/],
  ['https:127.0.0.1', /not public/],
  ['https:\\\\127.0.0.1\\', /not public/],
  ['  https://127.0.0.1/', /not public/],
  ['https://127.0.0.1./', /not public/],
  ['https://①②⑦.0.0.1/', /not public/],
  ['https://169.254.169.254/latest/meta-data', /not public/],
  ['https://10.0.0.1/', /not public/],
  ['https://172.16.0.1/', /not public/],
  ['https://192.168.0.1/', /not public/],
  ['https://100.64.0.1/', /not public/],
  ['https://198.18.0.1/', /not public/],
  ['https://0.0.0.0/', /not public/],
  ['https://224.0.0.1/', /not public/],
  ['https://255.255.255.255/', /not public/],
  ['https://localhost/', /local name/],
  ['https://localhost./', /local name/],
  ['https://LOCALHOST/', /local name/],
  ['https://ｌｏｃａｌｈｏｓｔ/', /local name/],
  ['https://%6cocalhost/', /local name/],
  ['https://api.localhost/', /local name/],
  ['https://printer/', /local name/],
  ['https://printer.internal/', /local name/],
  ['https://printer.internal./', /local name/],
  ['https://printer.local/', /local name/],
  ['https://user:pass@example.com/', /password/],
  ['https://user@example.com/', /password/],
  ['https://example.com:6379/', /443/],
  ['http://example.com/', /https/],
  ['gopher://example.com/', /https/],
  ['file:///etc/passwd', /https/],
  ['javascript:alert(1)', /https/],
]

const PLACES: readonly (readonly [
  name: string,
  send: (url: string) => Promise<Awaited<ReturnType<typeof call>>>,
])[] = [
  ['a job', (url) => call(service.url, 'POST', '/v1/jobs', service.spec({ webhook: { url } }))],
  ['a new webhook', (url) => call(service.url, 'POST', '/v1/webhooks', { url })],
  ['a changed webhook', (url) => call(service.url, 'PATCH', `/v1/webhooks/${webhook}`, { url })],
]

describe.each(PLACES)('%s is refused with', (_, send) => {
  test.each(URLS)('%s', async (url, detail) => {
    const reply = await send(url)
    expect([reply.status, reply.json['code']], reply.text).toEqual([422, 'webhook_url_forbidden'])
    expect(reply.json['detail']).toMatch(detail)
    expect(reply.text).not.toMatch(/node_modules|\.[tj]s:\d|\/tmp\//)
  })
})

const BODIES: readonly (readonly [name: string, body: object, status: number, code: string])[] = [
  ['no URL', {}, 400, 'missing_field'],
  ['a URL that is a number', { url: 7 }, 400, 'wrong_type'],
  ['an endless URL', { url: `https://example.com/${'x'.repeat(2048)}` }, 422, 'limit_exceeded'],
  ['no events', { events: [] }, 422, 'limit_exceeded'],
  ['an unknown event', { events: ['job.exploded'] }, 422, 'invalid_value'],
  ['a ping among the events', { events: ['ping'] }, 422, 'invalid_value'],
  ['a secret of another kind', { secret: 'hunter2' }, 400, 'invalid_string'],
  ['an unknown field', { retries: 5 }, 400, 'unknown_field'],
  ['a status', { status: 'disabled' }, 400, 'unknown_field'],
]

test.each(BODIES)('a new webhook with %s', async (name, body, status, code) => {
  const url = name === 'no URL' ? {} : { url: 'https://example.com/' }
  const reply = await call(service.url, 'POST', '/v1/webhooks', { ...url, ...body })
  expect([reply.status, reply.json['code']], reply.text).toEqual([status, code])
})

test('a tenant has at most 50 webhooks', async () => {
  const url = 'https://example.com/'
  const replies = []
  for (let count = 0; count < 60; count += 1)
    replies.push(await call(service.url, 'POST', '/v1/webhooks', { url }))
  const refused = replies.filter(({ status }) => status === 422)
  expect(refused).toHaveLength(11)
  expect(refused[0]!.json['code']).toBe('limit_exceeded')
})
