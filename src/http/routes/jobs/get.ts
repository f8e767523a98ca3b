import { z } from 'zod'
import { asItWaits } from '#src/services/absent-worker'
import { getJob, queuePosition } from '#src/services/jobs'
import { job, jobBody } from '../../representations/job.ts'
import { route } from '../../route.ts'
import { preferredWait, waitAsPreferred } from './prefer-wait.ts'

export const getJobRoute = route({
  method: 'GET',
  path: '/v1/jobs/{id}',
  operationId: 'jobs_get',
  tag: 'jobs',
  summary: 'Get a job; Prefer: wait=N answers early when it is terminal',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The job', content: job } },
  errors: ['not_found'],
  handle: async ({ params, tenant, request, reply, context }) => {
    const { service } = context
    const wait = preferredWait(request)
    const found = await getJob(service, tenant, params.id)
    const { record, headers } = await waitAsPreferred(context, tenant, found, wait, reply)
    const position = await queuePosition(service, record)
    return { status: 200, headers, body: jobBody(asItWaits(service.peers, record), position) }
  },
})
