// What webhooks receive, for openapi.yaml: one entry per type of event.

import { z } from 'zod'
import { JOB_STATUSES } from '#src/domain/job'
import { DISABLED_REASONS, WEBHOOK_EVENTS } from '#src/domain/webhook'
import { job } from './representations/job.ts'

const thinJob = z
  .object({
    id: z.string(),
    object: z.literal('job'),
    sequence: z
      .int()
      .describe('Rises with every change of the job: deliveries may arrive in any order.'),
    status: z.enum(JOB_STATUSES),
    attempt: z.int(),
    name: z.string(),
    model: z.string(),
    created_at: z.string(),
    finished_at: z.string().nullable(),
    error: job.shape.error,
    summary: job.shape.summary,
    metadata: z
      .record(z.string(), z.string())
      .nullable()
      .describe('null where the body would not stay below 20 kB.'),
    urls: z.object({ self: z.string() }),
  })
  .meta({ id: 'ThinJob' })

const disabledWebhook = z
  .object({
    id: z.string(),
    object: z.literal('webhook'),
    url: z.string(),
    status: z.literal('disabled'),
    disabled_reason: z.enum(DISABLED_REASONS),
    disabled_at: z.string(),
  })
  .meta({ id: 'DisabledWebhook' })

const pingedWebhook = z
  .object({ id: z.string(), object: z.literal('webhook') })
  .meta({ id: 'PingedWebhook' })

type EventType = (typeof WEBHOOK_EVENTS)[number] | 'ping'

const EVENT_SUMMARIES: Readonly<Record<EventType, string>> = {
  'job.queued': 'A job was accepted',
  'job.started': 'A worker took a job on',
  'job.retrying': 'A job goes back to the queue: its worker died or was stopped',
  'job.succeeded': 'A job succeeded',
  'job.failed': 'A job failed',
  'job.canceled': 'A job was canceled',
  'webhook.disabled': 'Another webhook was disabled by the service',
  ping: 'Somebody tries this webhook',
}

export interface WebhookEventEntry {
  readonly type: EventType
  readonly summary: string
  readonly body: z.ZodType
}

export const WEBHOOK_EVENT_ENTRIES: readonly WebhookEventEntry[] = [
  ...WEBHOOK_EVENTS,
  'ping' as const,
].map((type) => ({
  type,
  summary: EVENT_SUMMARIES[type],
  body: z
    .object({
      type: z.literal(type),
      timestamp: z.string().describe('When it happened.'),
      data: dataOf(type),
    })
    .meta({ id: componentName(type) }),
}))

function dataOf(type: EventType): z.ZodType {
  if (type === 'ping') return pingedWebhook
  return type === 'webhook.disabled' ? disabledWebhook : thinJob
}

/** `job.succeeded` → `JobSucceededEvent`. */
function componentName(type: EventType): string {
  const words = type.split('.').map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `${words.join('')}Event`
}
