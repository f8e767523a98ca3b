import { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import { route } from '../../route.ts'

export const readyzRoute = route({
  method: 'GET',
  path: '/readyz',
  operationId: 'ready_get',
  tag: 'operations',
  summary: 'Whether the stores and the queue answer',
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
    const { records, queue, blobs } = context.service
    const checks: Readonly<Record<string, () => Promise<unknown>>> = {
      records: () => records.count('job', { status: 'running' }),
      queue: () => queue.depth('compress'),
      blobs: () => blobs.stat('0'.repeat(64)),
    }
    for (const [name, check] of Object.entries(checks)) {
      await check().catch((error: unknown) => {
        throw new TersorError('unavailable', `${name} do not answer`, {
          cause: error,
          headers: { 'retry-after': '5' },
        })
      })
    }
    return {
      status: 200,
      body: {
        status: 'ok',
        checks: Object.fromEntries(Object.keys(checks).map((name) => [name, 'ok'])),
      },
    }
  },
})
