// The HTTP application: every route of the table behind the same gate. Listening is the caller's.

import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { fastify, LogController } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '#src/config'
import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { ServiceContext } from '#src/services/service-context'
import { callRoute } from './call-route.ts'
import { answerClientError } from './client-error.ts'
import { openMetrics } from './metrics/open-metrics.ts'
import { rateLimiter } from './plugins/limit-rate.ts'
import { sendProblem, toTersorError } from './problem.ts'
import type { Answer, RouteContext } from './route.ts'
import { ROUTES } from './routes/index.ts'

export interface AppParts {
  readonly config: Config
  readonly context: ServiceContext
  readonly log: Logger
}

const REQUEST_TIMEOUT_MS = 60 * 60 * 1000
const HEADERS_TIMEOUT_MS = 20 * 1000

export function buildApp({ config, context, log }: AppParts) {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newId('request'),
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A missing Host is answered below, as every fault is.
    http: { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      void sendProblem(request, reply, toTersorError(error, request))
    },
  })
  const limiter = rateLimiter(config.requestsPerMinute)
  const metrics = openMetrics(context)
  const closing = new AbortController()
  const routeContext: RouteContext = {
    service: metrics.service,
    config,
    metrics,
    closing: closing.signal,
  }

  // Bodies are read by the routes: as JSON within bounds, or as streams.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  // What waits for news is answered now, and asks the next process for more.
  app.addHook('preClose', async () => closing.abort())
  app.addHook('onRequest', async (request, reply) => {
    reply.header('request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw new TersorError('malformed_request', 'HTTP/1.1 needs a Host header')
  })
  app.addHook('onResponse', async (request, reply) => {
    const operation = request.routeOptions.config.operationId ?? 'none'
    metrics.request(operation, reply.statusCode, reply.elapsedTime / 1000)
    const entry = {
      operation,
      method: request.method,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      request_id: request.id,
    }
    request.log.info(entry, 'request')
  })
  app.setErrorHandler((error, request, reply) =>
    sendProblem(request, reply, toTersorError(error, request)),
  )
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, unknownRoute(request)))

  for (const route of ROUTES) {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      config: { operationId: route.operationId },
      handler: async (request, reply) => {
        const answer = await callRoute(route, routeContext, limiter, request, reply)
        return sendAnswer(reply, answer)
      },
    })
  }
  return app
}

function sendAnswer(reply: FastifyReply, { status, headers = {}, body }: Answer): FastifyReply {
  if (body === 'hijacked') return reply
  reply.code(status).headers(headers)
  if (body === 'none') return reply.send()
  if (typeof body === 'string' || body instanceof Readable) return reply.send(body)
  if (reply.getHeader('content-type') === undefined)
    reply.header('content-type', 'application/json')
  return reply.send(Buffer.from(JSON.stringify(body)))
}

/** 405 with Allow where the path exists, else 404. */
function unknownRoute(request: FastifyRequest): TersorError {
  const [path = ''] = request.url.split('?')
  const methods = ROUTES.filter((route) => pathPattern(route.path).test(path)).map(
    ({ method }) => method,
  )
  if (methods.length === 0) return new TersorError('not_found', 'there is nothing at this path')
  const allowed = [
    ...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))),
  ]
  return new TersorError(
    'method_not_allowed',
    `${request.method} is not allowed here; ${allowed.join(', ')} are`,
    {
      headers: { allow: allowed.join(', ') },
    },
  )
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operationId?: string
  }
}
