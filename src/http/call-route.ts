// The way of one request: who calls, how often, what exactly, then the handler.

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import { parseInput } from './parse-input.ts'
import { authenticate } from './plugins/authenticate.ts'
import type { KeyedRun } from './plugins/idempotency-key.ts'
import { idempotencyKey, runKeyed } from './plugins/idempotency-key.ts'
import type { RateLimiter } from './plugins/limit-rate.ts'
import { readJson } from './read-json.ts'
import { checkDeclaredLength } from './upload-headers.ts'
import type { Answer, BodySpec, Route, RouteContext } from './route.ts'

const JSON_TYPE = 'application/json'

export async function callRoute(
  route: Route,
  context: RouteContext,
  limiter: RateLimiter,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Answer> {
  const caller = await authenticate(request, route.access, context)
  if (route.access !== 'public') limiter.count(caller.key, reply)
  const key = route.idempotent ? idempotencyKey(request) : null
  const params: unknown = parseInput(route.params, request.params, 'path')
  const query: unknown = parseInput(route.query, request.query, 'query')
  const mediaType = checkMediaType(route.body, request)
  const source = (request.body ?? emptyBody()) as AsyncIterable<Uint8Array>
  const schema = jsonSchema(route.body, mediaType)
  if (schema !== null) checkDeclaredLength(request, context.config.maxBodyBytes)
  const run: KeyedRun = async (stream, keep) => {
    const body: unknown =
      schema === null
        ? undefined
        : parseInput(schema, await readObject(stream, mediaType, context.config), 'body')
    return await route.handle({
      params,
      query,
      body,
      instead: route.body.kind === 'binary' && schema !== null ? body : null,
      stream,
      mediaType,
      tenant: caller.tenant,
      request,
      reply,
      context,
      keep,
    })
  }
  if (key === null) return await run(source, async () => [])
  return await runKeyed(
    context,
    { key, tenant: caller.tenant, route, url: request.url, source },
    run,
  )
}

/** No body at all is an empty object, where the route allows it. */
async function readObject(
  stream: AsyncIterable<Uint8Array>,
  mediaType: string,
  { maxBodyBytes }: RouteContext['config'],
): Promise<unknown> {
  return mediaType === 'none' ? {} : (await readJson(stream, maxBodyBytes)).value
}

/** What the body must be when it is JSON; `null` when it is passed on, or there is none. */
function jsonSchema(body: BodySpec, mediaType: string): z.ZodType | null {
  if (body.kind === 'json') return body.schema
  if (body.kind === 'none' || mediaType !== JSON_TYPE) return null
  return body.instead ?? null
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  yield* []
}

/** @throws TersorError unsupported_media_type */
function checkMediaType(body: BodySpec, request: FastifyRequest): string {
  if (body.kind === 'none') return 'none'
  const header = request.headers['content-type']
  if (body.kind === 'json' && body.optional === true && hasNoBytes(request)) return 'none'
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new TersorError(
      'unsupported_media_type',
      'compressed request bodies are not taken; send the bytes as they are',
    )
  }
  if (body.kind === 'binary' && body.anyMediaType === true) return header ?? 'none'
  const allowed = allowedTypes(body)
  const match = /^([\w.+-]+\/[\w.+-]+) *(?:; *charset="?utf-8"?)?$/i.exec(header ?? '')
  const mediaType = match?.[1]?.toLowerCase()
  if (mediaType !== undefined && allowed.includes(mediaType)) return mediaType
  throw new TersorError('unsupported_media_type', `Content-Type must be ${allowed.join(' or ')}`)
}

function allowedTypes(body: Exclude<BodySpec, { kind: 'none' }>): readonly string[] {
  if (body.kind === 'json') return [JSON_TYPE]
  return body.instead === undefined ? body.mediaTypes : [...body.mediaTypes, JSON_TYPE]
}

function hasNoBytes({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
}
