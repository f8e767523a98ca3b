// When an endpoint is disabled for failing: after five days without a success, not sooner, and others are told.

import { afterEach, beforeEach, expect, test } from 'vitest'
import type { WebhookRecord } from '#src/domain/webhook'
import type { TryResult } from '#src/services/webhooks/endpoint-health'
import { noteTry } from '#src/services/webhooks/endpoint-health'
import { changeWebhook } from '#src/services/webhooks/change-webhook'
import type { WebhookTries } from '#test/support/webhook-tries'
import { openWebhookTries, TENANT } from '#test/support/webhook-tries'

const HOUR = 3600 * 1000

let tries: WebhookTries
let webhook: WebhookRecord
let watcher: WebhookRecord

beforeEach(async () => {
  tries = await openWebhookTries()
  webhook = await tries.endpoint('https://example.com/hook', ['webhook.disabled'])
  watcher = await tries.endpoint('https://example.org/watch', ['webhook.disabled'])
})
afterEach(() => tries.close())

const now = async (): Promise<WebhookRecord> =>
  (await tries.context.records.get('webhook', webhook.id))!.record

/** One try every so many hours. */
const every = async (hours: number, results: readonly TryResult[]): Promise<void> => {
  for (const result of results) {
    await noteTry(tries.context, webhook.id, result)
    tries.clock.advance(hours * HOUR)
  }
}

const failures = (count: number): TryResult[] => Array.from({ length: count }, () => 'failed')

test('failing for five days disables, in one commit with the news of it', async () => {
  await every(12, failures(10))
  expect((await now()).status).toBe('enabled')
  await every(12, failures(1))
  expect(await now()).toMatchObject({ status: 'disabled', disabled_reason: 'failing' })
  const told = await tries.context.records.list('delivery', { where: { tenant: TENANT }, limit: 9 })
  expect(told.map(({ record }) => [record.webhook, record.type])).toEqual([
    [watcher.id, 'webhook.disabled'],
  ])
  const again = await changeWebhook(tries.context, TENANT, webhook.id, { status: 'enabled' })
  expect(again).toMatchObject({ status: 'enabled', disabled_reason: null, failing: null })
})

test('one success in between begins anew', async () => {
  await every(12, [...failures(9), 'delivered', ...failures(10)])
  expect((await now()).status).toBe('enabled')
})

test('failures that are days apart are not one failure', async () => {
  await every(60, failures(10))
  expect((await now()).status).toBe('enabled')
})

test('few tries change the record', async () => {
  const version = async () => (await tries.context.records.get('webhook', webhook.id))!.version
  await every(0.01, failures(50))
  expect(await version()).toBe(2)
  await every(0.01, ['delivered', 'delivered', 'delivered'])
  expect(await version()).toBe(3)
})

test('of many that see it gone at once, one tells', async () => {
  await Promise.all(Array.from({ length: 8 }, () => noteTry(tries.context, webhook.id, 'gone')))
  expect(await now()).toMatchObject({ status: 'disabled', disabled_reason: 'gone' })
  expect(await tries.context.records.count('delivery', { tenant: TENANT })).toBe(1)
})
