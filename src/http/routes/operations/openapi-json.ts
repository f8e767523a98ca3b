import { z } from 'zod'
import { openApiDocument } from '../../openapi.ts'
import { route } from '../../route.ts'
import { ROUTES } from '../index.ts'

export const openApiJsonRoute = route({
  method: 'GET',
  path: '/openapi.json',
  operationId: 'openapi_json_get',
  tag: 'operations',
  summary: 'This API as OpenAPI 3.1, JSON',
  access: 'public',
  params: z.object({}),
  query: z.object({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The document', content: ['application/json'] } },
  errors: [],
  handle: async () => ({ status: 200, body: openApiDocument(ROUTES) }),
})
