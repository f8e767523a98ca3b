import { z } from 'zod'
import { WEBHOOK_STATUSES } from '#src/domain/webhook'
import { listWebhooks } from '#src/services/webhooks/webhooks'
import { listOf, pageBody, pageQuery, pageRequest } from '../../representations/list.ts'
import { webhook, webhookBody } from '../../representations/webhook.ts'
import { route } from '../../route.ts'

export const listWebhooksRoute = route({
  method: 'GET',
  path: '/v1/webhooks',
  operationId: 'webhooks_list',
  tag: 'webhooks',
  summary: 'List webhooks, newest first',
  access: 'read',
  params: z.object({}),
  query: z.strictObject({ ...pageQuery, status: z.enum(WEBHOOK_STATUSES).optional() }),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: { description: 'A page of webhooks', content: listOf(webhook, 'WebhookList') },
  },
  errors: ['invalid_cursor'],
  handle: async ({ query, tenant, context }) => {
    const filters = query.status === undefined ? {} : { status: query.status }
    const page = await listWebhooks(context.service, tenant, filters, pageRequest(query))
    return { status: 200, body: pageBody(page, webhookBody) }
  },
})
