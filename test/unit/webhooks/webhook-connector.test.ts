// Names that lead where they must not: the address that was checked is the one that is called.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WebhookReceiver } from '#test/support/webhook-receiver'
import { startReceiver } from '#test/support/webhook-receiver'
import { postWebhook } from '#workers/tasks/post-webhook'
import { webhookAgent } from '#workers/tasks/webhook-connector'

let receiver: WebhookReceiver
let port = ''

beforeAll(async () => {
  receiver = await startReceiver()
  port = new URL(receiver.url).port
})
afterAll(() => receiver.close())

/** The outcome of one request to a name of these addresses, and how often the name was looked up. */
async function post(
  path: string,
  allow: readonly string[],
  resolve: (lookUp: number) => readonly string[],
): Promise<{ outcome: string; lookUps: number }> {
  let lookUps = 0
  const agent = webhookAgent(allow, {
    resolve: async () => {
      lookUps += 1
      return resolve(lookUps)
    },
  })
  try {
    const url = `http://hooks.example.com:${port}${path}`
    const answer = await postWebhook(agent, url, {}, '{}', [])
    return { outcome: answer!.outcome, lookUps }
  } finally {
    await agent.close()
  }
}

test.each([
  ['127.0.0.1'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['::ffff:7f00:1'],
  ['::7f00:1'],
  ['64:ff9b::7f00:1'],
  ['2002:7f00:1::'],
  ['10.0.0.1'],
  ['169.254.169.254'],
  ['0.0.0.0'],
  ['not an address'],
])('a name of %s is not called', async (address) => {
  const path = `/private/${encodeURIComponent(address)}`
  expect((await post(path, [], () => [address])).outcome).toBe('blocked_address')
  expect(receiver.received(path)).toEqual([])
})

test('a name with a public and a private address is not called', async () => {
  const both = await post('/both', [], () => ['93.184.216.34', '127.0.0.1'])
  expect(both.outcome).toBe('blocked_address')
  expect(receiver.received('/both')).toEqual([])
})

test('a name without addresses is not called', async () => {
  expect((await post('/none', [], () => [])).outcome).toBe('blocked_address')
})

test('a name is looked up once for a connection, and again for the next', async () => {
  const rebinding = (lookUp: number): readonly string[] =>
    lookUp === 1 ? ['127.0.0.1'] : ['127.0.0.2']
  const first = await post('/pinned', ['127.0.0.1/32'], rebinding)
  expect(first).toEqual({ outcome: 'HTTP 204', lookUps: 1 })
  expect(receiver.received('/pinned')[0]!.headers.host).toBe(`hooks.example.com:${port}`)
  const agent = await post('/pinned', ['127.0.0.1/32'], () => ['127.0.0.2'])
  expect(agent.outcome).toBe('blocked_address')
  expect(receiver.received('/pinned')).toHaveLength(1)
})

test('an address that refuses leaves the next to be tried', async () => {
  const addresses = ['127.0.0.9', '127.0.0.1']
  expect((await post('/second', ['127.0.0.0/8'], () => addresses)).outcome).toBe('HTTP 204')
  expect((await post('/second', ['127.0.0.0/8'], () => ['127.0.0.9'])).outcome).toBe('ECONNREFUSED')
})
