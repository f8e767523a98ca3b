import { z } from 'zod'
import { describeMethods } from '../../describe-methods.ts'
import { route } from '../../route.ts'

export const methodsRoute = route({
  method: 'GET',
  path: '/v1/methods',
  operationId: 'methods_list',
  tag: 'operations',
  summary: 'Every step type and method with its JSON schema and defaults',
  access: 'read',
  params: z.object({}),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: {
      description: 'The methods',
      content: z
        .object({
          object: z.literal('list'),
          data: z.array(
            z.object({
              object: z.literal('method'),
              type: z.string(),
              method: z.string().nullable(),
              description: z.string(),
              defaults: z.record(z.string(), z.unknown()),
              json_schema: z.record(z.string(), z.unknown()),
            }),
          ),
        })
        .meta({ id: 'MethodList' }),
    },
  },
  errors: [],
  handle: async () => ({ status: 200, body: { object: 'list', data: describeMethods() } }),
})
