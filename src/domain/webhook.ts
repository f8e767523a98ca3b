// Webhooks: endpoints that want news, and deliveries of one event to one URL with their tries.

/** What an endpoint may ask for; the set may grow. A `ping` is sent on demand only. */
export const WEBHOOK_EVENTS = [
  'job.queued',
  'job.started',
  'job.retrying',
  'job.succeeded',
  'job.failed',
  'job.canceled',
  'webhook.disabled',
] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

/** What an endpoint hears of that asks for nothing in particular. */
export const DEFAULT_WEBHOOK_EVENTS = ['job.succeeded', 'job.failed', 'job.canceled'] as const

export const WEBHOOK_STATUSES = ['enabled', 'disabled'] as const

/** `requested`: by its owner. `gone`: it answered 410. `failing`: nothing arrived for days. */
export const DISABLED_REASONS = ['requested', 'gone', 'failing'] as const
export type DisabledReason = (typeof DISABLED_REASONS)[number]

export interface EndpointSecret {
  /** `whsec_…`: kept as it is, since it must sign. */
  readonly secret: string
  /** Epoch milliseconds until which it signs; `null`: until it is rotated. */
  readonly expires: number | null
}

/** An endpoint of a tenant. */
export interface WebhookRecord {
  readonly id: string
  readonly tenant: string
  readonly url: string
  readonly description: string
  readonly events: readonly WebhookEvent[]
  readonly status: (typeof WEBHOOK_STATUSES)[number]
  readonly disabled_reason: DisabledReason | null
  readonly disabled_at: string | null
  /** Newest first; two during a rotation. */
  readonly secrets: readonly EndpointSecret[]
  /** Failures with no success between them: epoch milliseconds of the first, and of a late one. */
  readonly failing: { readonly since: number; readonly last: number } | null
  readonly metadata: Readonly<Record<string, string>>
  readonly created_at: string
  readonly updated_at: string
}

/** `replaced`: a redelivery took its place while it waited for its next try. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed', 'replaced'] as const

export interface DeliveryAttempt {
  readonly at: string
  /** `HTTP 204`, `timeout`, `blocked_address`, or a code of the network such as `ECONNREFUSED`. */
  readonly outcome: string
  readonly duration_ms: number
}

/** One event to one URL, with its tries. Written in the same commit as what it tells of. */
export interface DeliveryRecord {
  readonly id: string
  readonly tenant: string
  /** The endpoint, or `none` for the URL that a job brought. */
  readonly webhook: string
  /** `none` for events that are no job's. */
  readonly job: string
  /** The event's id, which receivers see as `webhook-id`: the same for every try and every redelivery. */
  readonly event: string
  readonly url: string
  /** `whsec_…` of the job; `tenant` for the tenant's default secret; `webhook` for the endpoint's. */
  readonly secret: string
  readonly type: WebhookEvent | 'ping'
  readonly body: string
  readonly status: (typeof DELIVERY_STATUSES)[number]
  readonly attempts: readonly DeliveryAttempt[]
  /** Epoch milliseconds of the next try. */
  readonly next_attempt: number
  /** The delivery that this one repeats, or `null`. */
  readonly redelivery_of: string | null
  readonly created_at: string
}
