import { z } from 'zod'
import { listJobEvents } from '#src/services/jobs'
import { listOf, pageBody, pageQuery, pageRequest } from '../../representations/list.ts'
import { event, eventBody } from '../../representations/event.ts'
import { route } from '../../route.ts'

export const jobEventsRoute = route({
  method: 'GET',
  path: '/v1/jobs/{id}/events',
  operationId: 'jobs_events',
  tag: 'jobs',
  summary: 'List the events of a job, newest first',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject(pageQuery),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'A page of events', content: listOf(event, 'EventList') } },
  errors: ['not_found', 'invalid_cursor'],
  handle: async ({ params, query, tenant, context }) => {
    const page = await listJobEvents(context.service, tenant, params.id, pageRequest(query))
    return { status: 200, body: pageBody(page, eventBody) }
  },
})
