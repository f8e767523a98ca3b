import { z } from 'zod'
import { openApiYaml } from '../../openapi.ts'
import { route } from '../../route.ts'
import { ROUTES } from '../index.ts'

export const openApiYamlRoute = route({
  method: 'GET',
  path: '/openapi.yaml',
  operationId: 'openapi_yaml_get',
  tag: 'operations',
  summary: 'This API as OpenAPI 3.1, YAML',
  access: 'public',
  params: z.object({}),
  query: z.object({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The document', content: ['application/yaml'] } },
  errors: [],
  handle: async () => ({
    status: 200,
    headers: { 'content-type': 'application/yaml' },
    body: openApiYaml(ROUTES),
  }),
})
