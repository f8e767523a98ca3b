import { z } from 'zod'
import { deleteDataset } from '#src/services/datasets'
import { route } from '../../route.ts'

export const deleteDatasetRoute = route({
  method: 'DELETE',
  path: '/v1/datasets/{id}',
  operationId: 'datasets_delete',
  tag: 'datasets',
  summary: 'Delete one of the datasets; refused while an unfinished job needs it',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 204: { description: 'It is gone', content: 'none' } },
  errors: ['not_found', 'in_use'],
  handle: async ({ params, tenant, context }) => {
    await deleteDataset(context.service, tenant, params.id)
    return { status: 204, body: 'none' }
  },
})
