import type { OutgoingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { isTerminal } from '#src/domain/job'
import { getJob } from '#src/services/jobs'
import { eventsAfter, followEvents } from '#src/services/job-stream'
import { eventBody } from '../../representations/event.ts'
import { route } from '../../route.ts'

const HEARTBEAT_MS = 15_000
const RETRY_MS = 3000
const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
}

export const streamJobRoute = route({
  method: 'GET',
  path: '/v1/jobs/{id}/stream',
  operationId: 'jobs_stream',
  tag: 'jobs',
  summary:
    'Follow the events of a job as server-sent events; Last-Event-ID resumes, 204 after the last',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: { description: 'A stream of events', content: ['text/event-stream'] },
    204: { description: 'Nothing comes any more', content: 'none' },
  },
  errors: ['not_found'],
  handle: async ({ params, tenant, request, reply, context }) => {
    const { service } = context
    const job = await getJob(service, tenant, params.id)
    const last = request.headers['last-event-id']
    const after = typeof last === 'string' && last !== '' ? last : null
    if (
      isTerminal(job.status) &&
      after !== null &&
      (await eventsAfter(service, job.id, after)).length === 0
    ) {
      return { status: 204, body: 'none' }
    }
    if (request.method === 'HEAD') return { status: 200, headers: HEADERS, body: 'none' }
    const headers = reply.headers(HEADERS).getHeaders() as OutgoingHttpHeaders
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, headers)
    raw.write(`retry: ${RETRY_MS}\n\n`)
    const gone = new AbortController()
    raw.once('close', () => gone.abort())
    const heartbeat = setInterval(() => raw.write(': still here\n\n'), HEARTBEAT_MS)
    try {
      const send = (event: Parameters<typeof eventBody>[0]): void => {
        raw.write(
          `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(eventBody(event))}\n\n`,
        )
      }
      const signal = AbortSignal.any([gone.signal, context.closing])
      await followEvents(service, job.id, after, send, signal)
    } finally {
      clearInterval(heartbeat)
      raw.end()
    }
    return { status: 200, body: 'hijacked' }
  },
})
