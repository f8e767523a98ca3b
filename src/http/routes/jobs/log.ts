import { z } from 'zod'
import { readJobLog } from '#src/services/job-log'
import { wholeNumber } from '../../representations/list.ts'
import { route } from '../../route.ts'

const DEFAULT_LINES = 100
const MAX_LINES = 1000

export const jobLogRoute = route({
  method: 'GET',
  path: '/v1/jobs/{id}/log',
  operationId: 'jobs_log',
  tag: 'jobs',
  summary: 'Read numbered lines of the log of a job, while it runs and afterwards',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({
    after: z.string().optional().describe('Number of the last line already read; 0 when left out.'),
    limit: z.string().optional().describe('1 to 1000; 100 when left out.'),
  }),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: {
      description: 'Lines, oldest first',
      content: z
        .object({
          object: z.literal('log'),
          lines: z.array(z.object({ number: z.int(), text: z.string() })),
          has_more: z.boolean(),
        })
        .meta({ id: 'Log' }),
    },
  },
  errors: ['not_found'],
  handle: async ({ params, query, tenant, context }) => {
    const after =
      query.after === undefined ? 0 : wholeNumber('after', query.after, 0, Number.MAX_SAFE_INTEGER)
    const limit =
      query.limit === undefined ? DEFAULT_LINES : wholeNumber('limit', query.limit, 1, MAX_LINES)
    const { lines, hasMore } = await readJobLog(context.service, tenant, params.id, after, limit)
    return { status: 200, body: { object: 'log', lines, has_more: hasMore } }
  },
})
