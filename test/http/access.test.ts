// Who may do what: keys, scopes, tenants, limits, and the open door of a machine's own address.

import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROUTES } from '#src/http/routes/index'
import { createApiKey } from '#src/services/api-keys'
import type { Scope } from '#src/services/api-keys'
import type { RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyModel } from '#test/support/toy-model'

let service: RunningService

const bearer = async (tenant: string, scopes: readonly Scope[] = ['read', 'write']) => {
  const { key } = await createApiKey(service.container.context, { name: '', tenant, scopes })
  return { authorization: `Bearer ${key}` }
}

const newUpload = { filename: 'x', size_bytes: 1, sha256: '0'.repeat(64), purpose: 'model' }

const pathOf = (path: string, id: string): string =>
  path.replace('{id}', id).replace('{part_number}', '1')

/** The status for a Host header, which fetch does not let callers choose. */
const statusFor = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = httpRequest(`${service.url}/v1/models`, { headers: { host } }, (reply) => {
      reply.resume()
      resolve(reply.statusCode ?? 0)
    })
    asked.once('error', reject)
    asked.end()
  })

beforeAll(async () => {
  service = await startService({ TERSOR_REQUESTS_PER_MINUTE: '200' }, { withWorker: false })
})
afterAll(() => service.stop())

test('while no key exists the door is open, to this machine only', async () => {
  expect((await call(service.url, 'GET', '/v1/models')).status).toBe(200)
  expect(await statusFor('localhost:1')).toBe(200)
  expect(await statusFor('rebound.example.com')).toBe(403)
})

test('once a key exists it is required; public routes stay open', async () => {
  const key = await bearer('one')
  const without = await call(service.url, 'GET', '/v1/models')
  expect([without.status, without.json['code'], without.headers.get('www-authenticate')]).toEqual([
    401,
    'unauthorized',
    'Bearer',
  ])
  const wrong = {
    authorization: `${key.authorization.slice(0, -1)}${key.authorization.endsWith('0') ? '1' : '0'}`,
  }
  expect((await call(service.url, 'GET', '/v1/models', null, wrong)).status).toBe(401)
  expect((await call(service.url, 'GET', '/v1/models', null, key)).status).toBe(200)
  for (const { path, access } of ROUTES) {
    if (access !== 'public') continue
    expect((await call(service.url, 'GET', path)).status).toBeLessThan(400)
  }
})

test('a key does no more than its scopes say', async () => {
  const reader = await bearer('one', ['read'])
  const reply = await call(service.url, 'POST', '/v1/models', toyModel(), reader)
  expect([reply.status, reply.json['code']]).toEqual([403, 'forbidden'])
})

test("another tenant's things are not found, on every route with an id", async () => {
  const [owner, stranger] = [await bearer('owner'), await bearer('stranger')]
  const model = String(
    (await call(service.url, 'POST', '/v1/models', toyModel(), owner)).json['id'],
  )
  const steps = [{ type: 'simplify' }]
  const job = String(
    (await call(service.url, 'POST', '/v1/jobs', { model, steps }, owner)).json['id'],
  )
  const upload = String(
    (await call(service.url, 'POST', '/v1/uploads', newUpload, owner)).json['id'],
  )
  const ids: Record<string, string> = { models: model, jobs: job, uploads: upload }
  for (const { method, path } of ROUTES) {
    const id = ids[path.split('/')[2] ?? '']
    if (!path.includes('{id}') || id === undefined) continue
    const reply = await call(service.url, method, pathOf(path, id), null, stranger)
    expect([path, reply.status, reply.json['code']]).toEqual([path, 404, 'not_found'])
  }
  const foreign = await call(service.url, 'POST', '/v1/jobs', { model, steps }, stranger)
  expect([foreign.status, foreign.json['code']]).toEqual([404, 'not_found'])
  expect((await call(service.url, 'GET', '/v1/jobs', null, stranger)).json['data']).toEqual([])
})

test('requests beyond the quota are told when to come back', async () => {
  const busy = await bearer('busy')
  const other = await bearer('other')
  let reply = await call(service.url, 'GET', '/v1/models', null, busy)
  expect(reply.headers.get('ratelimit-policy')).toBe('"default";q=200;w=60')
  for (let count = 0; count < 200; count += 1)
    reply = await call(service.url, 'GET', '/v1/models', null, busy)
  expect([reply.status, reply.json['code'], reply.json['retryable']]).toEqual([
    429,
    'rate_limited',
    true,
  ])
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await call(service.url, 'GET', '/v1/models', null, other)).status).toBe(200)
})
