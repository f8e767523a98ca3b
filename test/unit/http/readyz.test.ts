// Ready is what answers in time; the reasons are given, the text of drivers is not.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildApp } from '#src/http/app'
import type { ServiceContext } from '#src/services/service-context'
import { openTestContainer } from '#test/support/test-container'
import type { TestContainer } from '#test/support/test-container'

let container: TestContainer

beforeEach(async () => {
  container = await openTestContainer()
})
afterEach(() => container.remove())

async function ready(change: (context: ServiceContext) => Partial<ServiceContext>) {
  const { config, context, log } = container
  const app = buildApp({ config, context: { ...context, ...change(context) }, log })
  const began = performance.now()
  const [readiness, health] = await Promise.all(
    ['/readyz', '/healthz'].map((url) => app.inject({ url, headers: { host: 'localhost' } })),
  )
  const seconds = (performance.now() - began) / 1000
  await app.close()
  return { readiness: readiness!, health: health!, seconds }
}

test('it is ready when records, queue and blobs answer', async () => {
  const { readiness } = await ready(() => ({}))
  expect(readiness.statusCode).toBe(200)
  expect(readiness.json()).toEqual({
    status: 'ok',
    checks: { records: 'ok', queue: 'ok', blobs: 'ok' },
  })
})

test('it says which stores fail and which are silent, soon, and lives meanwhile', async () => {
  const { readiness, health, seconds } = await ready(({ blobs, queue }) => ({
    blobs: { ...blobs, stat: () => Promise.reject(new Error('connect 10.1.2.3:8333')) },
    queue: { ...queue, depth: () => new Promise(() => undefined) },
  }))
  expect(readiness.statusCode).toBe(503)
  expect(readiness.headers['retry-after']).toBe('5')
  expect(readiness.json()).toMatchObject({
    code: 'unavailable',
    detail: 'queue: no answer within 2 s; blobs: answers with an error',
  })
  expect(readiness.body).not.toContain('10.1.2.3')
  expect(seconds).toBeLessThan(5)
  expect(health.statusCode).toBe(200)
})
