// The way of one request: who calls, how often, what exactly, then the handler.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { TersorError } from '#src/domain/errors'
import { parseInput } from './parse-input.ts'
import { authenticate } from './plugins/authenticate.ts'
import type { KeyedRun } from './plugins/idempotency-key.ts'
import { idempotencyKey, runKeyed } from './plugins/idempotency-key.ts'
import type { RateLimiter } from './plugins/limit-rate.ts'
import { readJson } from './read-json.ts'
import type { Answer, BodySpec, Route, RouteContext } from './route.ts'

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
  const run: KeyedRun = async (stream, keep) => {
    const body: unknown =
      route.body.kind === 'json'
        ? parseInput(
            route.body.schema,
            (await readJson(stream, context.config.maxBodyBytes)).value,
            'body',
          )
        : undefined
    return await route.handle({
      params,
      query,
      body,
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

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  yield* []
}

/** @throws TersorError unsupported_media_type */
function checkMediaType(body: BodySpec, request: FastifyRequest): string {
  if (body.kind === 'none') return 'none'
  const allowed = body.kind === 'json' ? ['application/json'] : body.mediaTypes
  const header = request.headers['content-type']
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new TersorError(
      'unsupported_media_type',
      'compressed request bodies are not taken; send the bytes as they are',
    )
  }
  const match = /^([\w.+-]+\/[\w.+-]+) *(?:; *charset="?utf-8"?)?$/i.exec(header ?? '')
  const mediaType = match?.[1]?.toLowerCase()
  if (mediaType !== undefined && allowed.includes(mediaType)) return mediaType
  throw new TersorError('unsupported_media_type', `Content-Type must be ${allowed.join(' or ')}`)
}
