import { z } from 'zod'
import { JOB_STATUSES } from '#src/domain/job'
import { listJobs, queuePosition } from '#src/services/jobs'
import { listBody, listOf, pageQuery, pageRequest } from '../../representations/list.ts'
import { job, jobBody } from '../../representations/job.ts'
import { route } from '../../route.ts'

export const listJobsRoute = route({
  method: 'GET',
  path: '/v1/jobs',
  operationId: 'jobs_list',
  tag: 'jobs',
  summary: 'List jobs, newest first',
  access: 'read',
  params: z.object({}),
  query: z.strictObject({
    ...pageQuery,
    status: z.enum(JOB_STATUSES).optional(),
    model: z.string().max(64).optional(),
  }),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'A page of jobs', content: listOf(job, 'JobList') } },
  errors: ['invalid_cursor'],
  handle: async ({ query, tenant, context }) => {
    const { status, model } = query
    const filters = {
      ...(status !== undefined && { status }),
      ...(model !== undefined && { model }),
    }
    const { data, hasMore } = await listJobs(context.service, tenant, filters, pageRequest(query))
    const bodies = data.map(async (record) =>
      jobBody(record, await queuePosition(context.service, record)),
    )
    return { status: 200, body: listBody(await Promise.all(bodies), hasMore) }
  },
})
