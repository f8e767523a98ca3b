import { z } from 'zod'
import { cancelJob } from '#src/services/jobs'
import { job, jobBody } from '../../representations/job.ts'
import { route } from '../../route.ts'

export const cancelJobRoute = route({
  method: 'POST',
  path: '/v1/jobs/{id}/cancel',
  operationId: 'jobs_cancel',
  tag: 'jobs',
  summary: 'Cancel a job: at once while it waits, as soon as its worker stops while it runs',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: { description: 'It is canceled', content: job },
    202: { description: 'Its worker was asked to stop', content: job },
  },
  errors: ['not_found', 'job_already_finished'],
  handle: async ({ params, tenant, context }) => {
    const record = await cancelJob(context.service, tenant, params.id)
    return { status: record.status === 'canceled' ? 200 : 202, body: jobBody(record, null) }
  },
})
