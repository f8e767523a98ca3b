import { z } from 'zod'
import { deleteWebhook } from '#src/services/webhooks/webhooks'
import { route } from '../../route.ts'

export const deleteWebhookRoute = route({
  method: 'DELETE',
  path: '/v1/webhooks/{id}',
  operationId: 'webhooks_delete',
  tag: 'webhooks',
  summary: 'Delete a webhook; what was not delivered to it yet never will be',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 204: { description: 'It is gone', content: 'none' } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    await deleteWebhook(context.service, tenant, params.id)
    return { status: 204, body: 'none' }
  },
})
