import { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import type { ServiceContext } from '#src/services/service-context'
import { NoAnswerError, within } from '#src/services/within'
import { route } from '../../route.ts'

/** Less than what load balancers commonly wait. */
const ANSWER_WITHIN_MS = 2000

export const readyzRoute = route({
  method: 'GET',
  path: '/readyz',
  operationId: 'ready_get',
  tag: 'operations',
  summary: 'Whether records, queue and blobs answer within two seconds; if not, why',
  access: 'public',
  params: z.object({}),
  query: z.object({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: {
      description: 'All answer',
      content: z
        .object({ status: z.literal('ok'), checks: z.record(z.string(), z.literal('ok')) })
        .meta({ id: 'Readiness' }),
    },
  },
  errors: ['unavailable'],
  handle: async ({ context }) => {
    const checks = Object.entries(CHECKS)
    const results = await Promise.all(
      checks.map(([name, check]) =>
        within(ANSWER_WITHIN_MS, () => check(context.service)).then(
          () => null,
          (error: unknown) => ({ reason: `${name}: ${reason(error)}`, error }),
        ),
      ),
    )
    const failed = results.filter((result) => result !== null)
    if (failed.length > 0) {
      throw new TersorError('unavailable', failed.map((result) => result.reason).join('; '), {
        cause: new AggregateError(failed.map(({ error }) => error)),
        headers: { 'retry-after': '5' },
      })
    }
    return {
      status: 200,
      body: { status: 'ok', checks: Object.fromEntries(checks.map(([name]) => [name, 'ok'])) },
    }
  },
})

const CHECKS: Readonly<Record<string, (service: ServiceContext) => Promise<unknown>>> = {
  records: ({ records }) => records.count('job', { status: 'running' }),
  queue: ({ queue }) => queue.depth('compress'),
  blobs: ({ blobs }) => blobs.stat('0'.repeat(64)),
}

/** Text of drivers names addresses, so it goes to the log alone. */
function reason(error: unknown): string {
  return error instanceof NoAnswerError ? error.message : 'answers with an error'
}
