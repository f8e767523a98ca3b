import { z } from 'zod'
import { route } from '../../route.ts'

export const healthzRoute = route({
  method: 'GET',
  path: '/healthz',
  operationId: 'health_get',
  tag: 'operations',
  summary: 'Whether the process lives',
  access: 'public',
  params: z.object({}),
  query: z.object({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: {
      description: 'It lives',
      content: z.object({ status: z.literal('ok') }).meta({ id: 'Health' }),
    },
  },
  errors: [],
  handle: async () => ({ status: 200, body: { status: 'ok' } }),
})
