import { z } from 'zod'
import { deleteModel } from '#src/services/models'
import { route } from '../../route.ts'

export const deleteModelRoute = route({
  method: 'DELETE',
  path: '/v1/models/{id}',
  operationId: 'models_delete',
  tag: 'models',
  summary: 'Delete one of the models; refused while an unfinished job needs it',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 204: { description: 'It is gone', content: 'none' } },
  errors: ['not_found', 'in_use'],
  handle: async ({ params, tenant, context }) => {
    await deleteModel(context.service, tenant, params.id)
    return { status: 204, body: 'none' }
  },
})
