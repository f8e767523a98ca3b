// Receives webhooks and checks their signatures.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createHmac } from 'node:crypto'
import type { History } from './history.ts'

export interface WebhookReceiver {
  readonly url: string
  /** The secret that jobs bring along. */
  readonly secret: string
  /** Answers with this status from now on. */
  answer(status: number): void
  close(): Promise<void>
}

const SECRET_BYTES = Buffer.alloc(32, 7)

export async function startReceiver(history: History, host: string): Promise<WebhookReceiver> {
  let status = 204
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request)
      const id = String(request.headers['webhook-id'])
      const at = String(request.headers['webhook-timestamp'])
      const expected = createHmac('sha256', SECRET_BYTES)
        .update(`${id}.${at}.`)
        .update(body)
        .digest('base64')
      const signatures = String(request.headers['webhook-signature']).split(' ')
      const event = JSON.parse(body.toString()) as {
        readonly type: string
        readonly data: { readonly id: string }
      }
      if (status < 300) {
        history.webhooks.push({
          id,
          type: event.type,
          job: event.data.id,
          signatureValid: signatures.includes(`v1,${expected}`),
        })
      }
      response.writeHead(status).end()
    })().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve)
  })
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/hook`,
    secret: `whsec_${SECRET_BYTES.toString('base64')}`,
    answer: (next) => {
      status = next
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
