// A receiver of webhooks on a loopback port: keeps what arrives, answers as it is told to, path by path.

import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Received {
  /** Epoch milliseconds. */
  readonly at: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type AnswerWith = (response: ServerResponse, count: number) => void

export interface WebhookReceiver {
  readonly url: string
  /** What came to a path, oldest first. */
  received(path: string): readonly Received[]
  /** `count`: requests to this path until now, this one included. Without it the answer is 204. */
  answer(path: string, answer: AnswerWith): void
  close(): Promise<void>
}

export async function startReceiver(port = 0): Promise<WebhookReceiver> {
  const received = new Map<string, Received[]>()
  const answers = new Map<string, AnswerWith>()
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    response.on('error', () => undefined)
    buffer(request).then(
      (body) => {
        const list = received.get(path) ?? []
        received.set(path, list)
        list.push({ at: Date.now(), headers: request.headers, body: body.toString() })
        const answer = answers.get(path) ?? ((plain) => plain.writeHead(204).end())
        answer(response, list.length)
      },
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: (path) => received.get(path) ?? [],
    answer: (path, answer) => void answers.set(path, answer),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** 200 and then one byte a second, without end. */
export const drip: AnswerWith = (response) => {
  response.writeHead(200)
  const timer = setInterval(() => response.write('.'), 1000)
  response.write('.')
  response.on('close', () => clearInterval(timer))
}

/** Takes the request and never answers. */
export const hang: AnswerWith = () => undefined
