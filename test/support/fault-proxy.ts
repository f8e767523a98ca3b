// An HTTP proxy before an S3 store that fails as stores and networks fail, at given rates and from a seed.

import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerBadly, passBody, s3ErrorBody } from './fault-answers.ts'
import { seededRandom } from './seeded-random.ts'

export const FAULTS = [
  /** 500 or 503 before anything is done. */
  'error',
  /** 507 before anything is done. */
  'full',
  /** The connection breaks before anything is done. */
  'reset',
  /** Done, but the answer never comes. */
  'lost',
  /** CompleteMultipartUpload: 200 with an error for a body; done in one of two cases. */
  'complete',
  /** Half of a body, with a length that fits it. */
  'short',
  /** Half of a body, then the connection breaks. */
  'cut',
  /** Half of a body, then nothing. */
  'stall',
  /** A body with one bit changed. */
  'flip',
] as const
export type Fault = (typeof FAULTS)[number]

export interface FaultProxy {
  readonly endpoint: string
  /** How often each fault has happened. */
  readonly counts: Readonly<Record<Fault, number>>
  /** Probability of each fault per request it can happen to; those not named do not happen any more. */
  set(rates: Partial<Record<Fault, number>>): void
  /** Both directions; `null`: as fast as it goes. */
  pace(bytesPerSecond: number | null): void
  close(): Promise<void>
}

/** Requests keep their Host header, which is part of the signature. */
export async function startFaultProxy(upstream: string, seed: number): Promise<FaultProxy> {
  const target = new URL(upstream)
  const random = seededRandom(seed)
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>
  let rates: Partial<Record<Fault, number>> = {}
  let pace: number | null = null

  function draw(...candidates: Fault[]): Fault | null {
    const hit = candidates.find((fault) => random() < (rates[fault] ?? 0)) ?? null
    if (hit !== null) counts[hit] += 1
    return hit
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isComplete = request.method === 'POST' && /[?&]uploadId=/.test(request.url ?? '')
    const early = draw('error', 'full', 'reset', ...(isComplete ? (['complete'] as const) : []))
    if (early === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    const isDone = early === null || (early === 'complete' && random() < 0.5)
    if (!isDone) {
      for await (const _ of request);
      if (early === 'complete') respond(response, 200)
      else respond(response, early === 'full' ? 507 : random() < 0.5 ? 500 : 503)
      return
    }
    const answer = await forward(request)
    if (early === 'complete') {
      answer.resume()
      respond(response, 200)
      return
    }
    if (draw('lost') !== null) {
      answer.resume()
      return
    }
    const hasBody = request.method === 'GET' && (answer.statusCode ?? 0) < 300
    const late = hasBody && request.url?.includes('list-type') !== true
    const fault = late ? draw('short', 'cut', 'stall', 'flip') : null
    if (fault === null) {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      await passBody(answer, response, pace)
    } else {
      await answerBadly(fault as 'short' | 'cut' | 'stall' | 'flip', answer, response)
    }
  }

  function forward(request: IncomingMessage): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = target
      const { method, url, headers } = request
      const onward = httpRequest(
        { hostname, port, method, path: url, headers, agent: false },
        resolve,
      )
      onward.on('error', reject)
      passBody(request, onward, pace).catch(reject)
    })
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    counts,
    set: (given) => {
      rates = given
    },
    pace: (bytesPerSecond) => {
      pace = bytesPerSecond
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function respond(response: ServerResponse, status: number): void {
  const body = s3ErrorBody(status)
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length })
  response.end(body)
}
