// Receivers over TLS: a certificate must be trusted and be that of the name in the URL, whatever address it was pinned to.

import type { Server } from 'node:https'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TEST_CERTIFICATE, TEST_KEY } from '#test/support/tls-certificate'
import { postWebhook } from '#workers/tasks/post-webhook'
import { webhookAgent } from '#workers/tasks/webhook-connector'

let server: Server
const names: (string | false | null)[] = []

beforeAll(async () => {
  server = createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (request, response) => {
    names.push((request.socket as TLSSocket & { servername: string | false | null }).servername)
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function post(host: string, ca?: string): Promise<string> {
  const trust = ca === undefined ? {} : { ca }
  const resolve = async (): Promise<readonly string[]> => ['127.0.0.1']
  const agent = webhookAgent(['127.0.0.1/32'], { resolve, ...trust })
  try {
    const { port } = server.address() as AddressInfo
    return (await postWebhook(agent, `https://${host}:${port}/`, {}, '{}', []))!.outcome
  } finally {
    await agent.close()
  }
}

test('the name of the URL is sent and checked, the pinned address is called', async () => {
  expect(await post('hooks.example.com', TEST_CERTIFICATE)).toBe('HTTP 204')
  expect(names.at(-1)).toBe('hooks.example.com')
  expect(await post('127.0.0.1', TEST_CERTIFICATE)).toBe('HTTP 204')
  expect(names.at(-1)).toBe(false)
})

test('the certificate of another name is refused', async () => {
  expect(await post('other.example.com', TEST_CERTIFICATE)).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
})

test('a certificate that nobody vouches for is refused', async () => {
  expect(await post('hooks.example.com')).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
})
