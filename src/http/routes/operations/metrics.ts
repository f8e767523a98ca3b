import { z } from 'zod'
import { route } from '../../route.ts'

export const metricsRoute = route({
  method: 'GET',
  path: '/metrics',
  operationId: 'metrics_get',
  tag: 'operations',
  summary: 'Metrics in the Prometheus text format',
  access: 'read',
  params: z.object({}),
  query: z.object({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'Metrics', content: ['text/plain'] } },
  errors: [],
  handle: async ({ context }) => ({
    status: 200,
    headers: { 'content-type': context.metrics.contentType },
    body: await context.metrics.text(),
  }),
})
