import { z } from 'zod'
import type { JobRecord } from '#src/domain/job'
import { jobSpec } from '#src/recipes/job-spec'
import { planJob } from '#src/services/plan-job'
import { submitJob } from '#src/services/submit-job'
import { job, jobBody } from '../../representations/job.ts'
import { jobPlan, jobPlanBody } from '../../representations/job-plan.ts'
import type { Answer } from '../../route.ts'
import { route } from '../../route.ts'
import { preferredWait, waitAsPreferred } from './prefer-wait.ts'

export const createJobRoute = route({
  method: 'POST',
  path: '/v1/jobs',
  operationId: 'jobs_create',
  tag: 'jobs',
  summary: 'Compress a model; with dry_run, say what would happen',
  access: 'write',
  params: z.object({}),
  query: z.strictObject({}),
  body: {
    kind: 'json',
    schema: jobSpec
      .extend({
        dry_run: z.boolean().default(false).describe('Makes no job; answers 200 with the plan.'),
      })
      .meta({ id: 'NewJob' }),
  },
  idempotent: true,
  responses: {
    200: { description: 'The plan of a dry run', content: jobPlan },
    201: { description: 'The job', content: job },
  },
  errors: [
    'not_found',
    'dataset_required',
    'step_unsupported',
    'pipeline_conflict',
    'shape_mismatch',
    'webhook_url_forbidden',
  ],
  handle: async ({ body, tenant, request, reply, context, keep }) => {
    const { dry_run: dryRun, ...spec } = body
    const { service } = context
    if (dryRun) return { status: 200, body: jobPlanBody(await planJob(service, tenant, spec)) }
    const wait = preferredWait(request)
    const submitted = await submitJob(service, tenant, spec, (made) => keep(answerOf(made)))
    const { record, headers } = await waitAsPreferred(context, tenant, submitted, wait, reply)
    const answer = answerOf(record)
    return { ...answer, headers: { ...headers, ...answer.headers } }
  },
})

/** Without its position in the queue: counting a long queue takes longer than accepting a job. */
function answerOf(record: JobRecord): Answer {
  const headers = { location: `/v1/jobs/${record.id}` }
  return { status: 201, headers, body: jobBody(record, null) }
}
