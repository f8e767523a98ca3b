// A webhook endpoint on the wire. Its secret is shown when it is made, and on request.

import { z } from 'zod'
import type { WebhookRecord } from '#src/domain/webhook'
import {
  DEFAULT_WEBHOOK_EVENTS,
  DISABLED_REASONS,
  WEBHOOK_EVENTS,
  WEBHOOK_STATUSES,
} from '#src/domain/webhook'
import { metadata, signingSecret } from '#src/recipes/job-spec'

const wanted = z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(WEBHOOK_EVENTS.length)
const url = z.string().max(2048).describe('https, port 443, a public address.')
const description = z.string().max(500)

export const newWebhook = z
  .strictObject({
    url,
    events: wanted.default([...DEFAULT_WEBHOOK_EVENTS]),
    description: description.default(''),
    secret: signingSecret.nullable().default(null).describe('Made for you when left out.'),
    metadata,
  })
  .meta({ id: 'NewWebhook' })

export const webhookChange = z
  .strictObject({
    url: url.optional(),
    events: wanted.optional(),
    description: description.optional(),
    status: z.enum(WEBHOOK_STATUSES).optional(),
    metadata: metadata.unwrap().optional(),
  })
  .meta({ id: 'WebhookChange' })

const fields = {
  id: z.string(),
  object: z.literal('webhook'),
  url: z.string(),
  events: z.array(z.enum(WEBHOOK_EVENTS)),
  description: z.string(),
  status: z.enum(WEBHOOK_STATUSES),
  disabled_reason: z
    .enum(DISABLED_REASONS)
    .nullable()
    .describe('requested: by you; gone: it answered 410; failing: nothing arrived for 5 days.'),
  disabled_at: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  created_at: z.string(),
  updated_at: z.string(),
  urls: z.object({ self: z.string(), secret: z.string(), deliveries: z.string() }),
}

export const webhook = z.object(fields).meta({ id: 'Webhook' })

export const createdWebhook = z
  .object({ ...fields, secret: z.string().describe('Signs what is sent to it.') })
  .meta({ id: 'CreatedWebhook' })

export function webhookBody(record: WebhookRecord): z.infer<typeof webhook> {
  const { id, events, metadata: given, tenant: _, secrets: _s, failing: _f, ...rest } = record
  const self = `/v1/webhooks/${id}`
  return {
    id,
    object: 'webhook',
    ...rest,
    events: [...events],
    metadata: { ...given },
    urls: { self, secret: `${self}/secret`, deliveries: `${self}/deliveries` },
  }
}

export function createdWebhookBody(record: WebhookRecord): z.infer<typeof createdWebhook> {
  return { ...webhookBody(record), secret: record.secrets[0]?.secret ?? '' }
}
