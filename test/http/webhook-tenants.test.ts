// Webhooks of one tenant do not exist for another, and a key that may only read sees no secret.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROUTES } from '#src/http/routes/index'
import { createApiKey } from '#src/services/api-keys'
import type { Scope } from '#src/services/api-keys'
import type { RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'

let service: RunningService

const keyOf = async (tenant: string, scopes: readonly Scope[] = ['read', 'write']) => {
  const { key } = await createApiKey(service.container.context, { name: '', tenant, scopes })
  return { authorization: `Bearer ${key}` }
}

beforeAll(async () => {
  service = await startService({}, { withWorker: false })
})
afterAll(() => service.stop())

const ABOUT_ONE = ROUTES.filter(({ path }) => /^\/v1\/(webhooks|deliveries)\/\{id\}/.test(path))

test('what belongs to another is not found, whatever is asked of it', async () => {
  const { url } = service
  const [mine, theirs] = [await keyOf('one'), await keyOf('two')]
  const made = await call(url, 'POST', '/v1/webhooks', { url: 'https://example.com/' }, mine)
  const webhook = String(made.json['id'])
  const ping = await call(url, 'POST', `/v1/webhooks/${webhook}/test`, null, mine)
  const delivery = String(ping.json['id'])
  expect(ABOUT_ONE.length).toBeGreaterThan(7)
  for (const { method, path } of ABOUT_ONE) {
    const own = path.replace('{id}', path.startsWith('/v1/webhooks') ? webhook : delivery)
    const body = method === 'PATCH' ? {} : null
    const reply = await call(url, method, own, body, theirs)
    expect([method, path, reply.status]).toEqual([method, path, 404])
  }
  for (const path of ['/v1/webhooks', '/v1/deliveries']) {
    expect((await call(url, 'GET', path, null, theirs)).json['data']).toEqual([])
    expect((await call(url, 'GET', path, null, mine)).json['data']).toHaveLength(1)
  }
  expect((await call(url, 'GET', `/v1/webhooks/${webhook}`, null, mine)).status).toBe(200)
})

test('secrets need a key that may write', async () => {
  const { url } = service
  const reader = await keyOf('three', ['read'])
  const writer = await keyOf('three')
  const made = await call(url, 'POST', '/v1/webhooks', { url: 'https://example.com/' }, writer)
  const self = `/v1/webhooks/${String(made.json['id'])}`
  expect((await call(url, 'GET', self, null, reader)).status).toBe(200)
  expect((await call(url, 'GET', `${self}/secret`, null, reader)).status).toBe(403)
  expect((await call(url, 'GET', `${self}/secret`, null, writer)).status).toBe(200)
  expect((await call(url, 'PATCH', self, {}, reader)).status).toBe(403)
})
