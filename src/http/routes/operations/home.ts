import { z } from 'zod'
import { route } from '../../route.ts'

export const homeRoute = route({
  method: 'GET',
  path: '/',
  operationId: 'home_get',
  tag: 'operations',
  summary: 'Sends a browser to the page of this API',
  access: 'public',
  params: z.object({}),
  query: z.object({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 302: { description: 'To /docs', content: 'none' } },
  errors: [],
  handle: async () => ({ status: 302, headers: { location: '/docs' }, body: 'none' }),
})
