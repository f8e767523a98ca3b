// The header Idempotency-Key: the first answer is given again; another payload or a twin in flight is refused.

import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { TersorError } from '#src/domain/errors'
import type { KeptAnswer } from '#src/services/idempotency'
import {
  admitKeyed,
  answerWrites,
  endKeyed,
  forgetKeyed,
  keepAnswer,
} from '#src/services/idempotency'
import type { Answer, Call, Route, RouteContext } from '../route.ts'

const LONGEST_KEY = 255

/** The key, `null` without one. Bare or quoted (RFC 8941 string). Throws TersorError invalid_idempotency_key. */
export function idempotencyKey(request: FastifyRequest): string | null {
  const { rawHeaders } = request.raw
  const given = rawHeaders.filter(
    (_, index) => index % 2 === 0 && rawHeaders[index]?.toLowerCase() === 'idempotency-key',
  )
  const header = request.headers['idempotency-key']
  if (header === undefined) return null
  const text = String(header)
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text
  if (given.length > 1) throw invalid('send it once')
  if (key.length === 0 || key.length > LONGEST_KEY)
    throw invalid(`it has 1 to ${LONGEST_KEY} characters`)
  if (!/^[\x20-\x7e]+$/.test(key)) throw invalid('it holds printable ASCII characters only')
  return key
}

function invalid(detail: string): TersorError {
  return new TersorError('invalid_idempotency_key', `Idempotency-Key: ${detail}`)
}

/** A body that is hashed while it is read. */
export function hashedStream(source: AsyncIterable<Uint8Array>): {
  stream: AsyncIterable<Uint8Array>
  digest: () => string
} {
  const hash = createHash('sha256')
  async function* read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk)
      yield chunk
    }
  }
  return { stream: read(), digest: () => hash.copy().digest('hex') }
}

export interface KeyedCall {
  readonly key: string
  readonly tenant: string
  readonly route: Route
  readonly url: string
  readonly source: AsyncIterable<Uint8Array>
}

/** Handles the request; `keep` as in Call. */
export type KeyedRun = (
  stream: AsyncIterable<Uint8Array>,
  keep: Call<unknown, unknown, unknown>['keep'],
) => Promise<Answer>

/** Runs the request, or answers as the first did. Only what was carried out is kept: a refusal may be mended and sent again. */
export async function runKeyed(
  context: RouteContext,
  { key, tenant, route, url, source }: KeyedCall,
  run: KeyedRun,
): Promise<Answer> {
  const { stream, digest } = hashedStream(source)
  const fingerprint = (): string => `${url} ${digest()}`
  const admission = await admitKeyed(context.service, {
    tenant,
    method: route.method,
    route: route.path,
    key,
  })
  if (admission.kind === 'replay') {
    await drain(stream)
    if (admission.fingerprint !== fingerprint()) {
      throw new TersorError(
        'idempotency_key_reused',
        'this key was used with another URL or body; take a new one',
      )
    }
    const { status, headers, body } = admission.answer
    return {
      status,
      headers: { ...headers, 'idempotent-replayed': 'true' },
      body: JSON.parse(body) as object,
    }
  }
  try {
    const keep: Call<unknown, unknown, unknown>['keep'] = async (made) =>
      answerWrites(context.service, admission, fingerprint(), keptAnswer(made))
    const answer = await run(stream, keep).catch(async (error: unknown) => {
      await forgetKeyed(context.service, admission)
      throw error
    })
    await keepAnswer(context.service, admission, fingerprint(), keptAnswer(answer))
    return answer
  } finally {
    endKeyed(admission)
  }
}

function keptAnswer({ status, headers = {}, body }: Answer): KeptAnswer {
  return { status, headers, body: JSON.stringify(body) }
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of stream) void chunk
}
