// Jobs whose webhook must not be called: addresses that are not public, however they are written.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RefusedJob, RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'

let service: RefusingService

beforeAll(async () => {
  service = await startRefusingService()
})
afterAll(() => service.stop())

const spec = (change: object = {}): object => service.spec(change)

const WEBHOOKS: readonly RefusedJob[] = [
  [
    'a webhook to this machine',
    () => spec({ webhook: { url: 'https://127.0.0.1/' } }),
    422,
    'webhook_url_forbidden',
    /not public/,
  ],
  [
    'a webhook by a mapped address',
    () => spec({ webhook: { url: 'https://[::ffff:7f00:1]/' } }),
    422,
    'webhook_url_forbidden',
    /not public/,
  ],
  [
    'a webhook by NAT64',
    () => spec({ webhook: { url: 'https://[64:ff9b::a9fe:a9fe]/' } }),
    422,
    'webhook_url_forbidden',
    /not public/,
  ],
  [
    'a webhook by a number',
    () => spec({ webhook: { url: 'https://2130706433/' } }),
    422,
    'webhook_url_forbidden',
    /not public/,
  ],
  [
    'a webhook with a password',
    () => spec({ webhook: { url: 'https://a:b@example.com/' } }),
    422,
    'webhook_url_forbidden',
    /password/,
  ],
  [
    'a webhook to a local name',
    () => spec({ webhook: { url: 'https://printer.internal/' } }),
    422,
    'webhook_url_forbidden',
    /local name/,
  ],
  [
    'a webhook over plain http',
    () => spec({ webhook: { url: 'http://example.com/' } }),
    422,
    'webhook_url_forbidden',
    /https/,
  ],
]

describe('webhooks', () => {
  test.each(WEBHOOKS)('%s', async (_, body, status, code, detail) => {
    const reply = await call(service.url, 'POST', '/v1/jobs', body())
    expect([reply.status, reply.json['code']], reply.text).toEqual([status, code])
    expect(reply.json['detail']).toMatch(detail)
    expect(reply.text).not.toMatch(/node_modules|\.[tj]s:\d|\/tmp\//)
  })
})
