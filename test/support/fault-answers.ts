// Bodies that arrive slowly, in part, changed or never.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

const CODES: Readonly<Record<number, string>> = {
  200: 'InternalError',
  500: 'InternalError',
  503: 'SlowDown',
  507: 'InsufficientStorage',
}

export function s3ErrorBody(status: number): string {
  const code = CODES[status] ?? 'InternalError'
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>on purpose</Message></Error>`
}

export async function passBody(
  from: Readable,
  to: Writable,
  bytesPerSecond: number | null,
): Promise<void> {
  if (bytesPerSecond === null) return await pipeline(from, to)
  await pipeline(
    from,
    async function* slowly(source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        await delay((chunk.length / bytesPerSecond) * 1000)
        yield chunk
      }
    },
    to,
  )
}

export async function answerBadly(
  fault: 'short' | 'cut' | 'stall' | 'flip',
  answer: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const half = body.subarray(0, Math.floor(body.length / 2))
  const status = answer.statusCode ?? 500
  if (fault === 'flip') {
    if (body.length > 0) body[half.length]! ^= 1
    response.writeHead(status, answer.headers)
    response.end(body)
  } else if (fault === 'short') {
    response.writeHead(status, { ...answer.headers, 'content-length': half.length })
    response.end(half)
  } else {
    response.writeHead(status, answer.headers)
    response.write(half, () => {
      if (fault === 'cut') response.socket?.resetAndDestroy()
    })
  }
}
