// Changes of an endpoint: what its owner asks for, and the rotation of its secret.

import { TersorError } from '#src/domain/errors'
import type { WebhookEvent, WebhookRecord } from '#src/domain/webhook'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import { getOwned } from '../owned-record.ts'
import type { ServiceContext } from '../service-context.ts'
import { rotated } from './endpoint-secret.ts'
import { checkWebhookUrl } from './webhooks.ts'

const ATTEMPTS = 5

type Alongside = (changed: WebhookRecord) => Promise<readonly Write[]>

/** What is left out stays as it is. */
export interface WebhookChange {
  readonly url?: string | undefined
  readonly events?: readonly WebhookEvent[] | undefined
  readonly description?: string | undefined
  readonly status?: WebhookRecord['status'] | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** @throws TersorError not_found, webhook_url_forbidden */
export async function changeWebhook(
  context: ServiceContext,
  tenant: string,
  id: string,
  { url, events, description, status, metadata }: WebhookChange,
): Promise<WebhookRecord> {
  if (url !== undefined) checkWebhookUrl(context, url)
  return await rewrite(context, tenant, id, (record) => ({
    ...record,
    ...(url !== undefined && { url }),
    ...(events !== undefined && { events: [...new Set(events)] }),
    ...(description !== undefined && { description }),
    ...(metadata !== undefined && { metadata }),
    ...(status !== undefined && status !== record.status && statusFields(context, status)),
  }))
}

/** Whoever enables an endpoint again has mended it: its failures are forgotten. */
function statusFields(
  { clock }: ServiceContext,
  status: WebhookRecord['status'],
): Pick<WebhookRecord, 'status' | 'disabled_reason' | 'disabled_at' | 'failing'> {
  return status === 'enabled'
    ? { status, disabled_reason: null, disabled_at: null, failing: null }
    : { status, disabled_reason: 'requested', disabled_at: timestamp(clock), failing: null }
}

/**
 * `alongside`: further writes of the same commit, so that a repeated request does not rotate twice.
 * @throws TersorError not_found
 */
export async function rotateEndpointSecret(
  context: ServiceContext,
  tenant: string,
  id: string,
  overlapMs: number,
  alongside: Alongside,
): Promise<WebhookRecord> {
  const now = context.clock.now()
  const rotate = (record: WebhookRecord): WebhookRecord => ({
    ...record,
    secrets: rotated(record.secrets, now, overlapMs),
  })
  return await rewrite(context, tenant, id, rotate, alongside)
}

async function rewrite(
  context: ServiceContext,
  tenant: string,
  id: string,
  change: (record: WebhookRecord) => WebhookRecord,
  alongside: Alongside = async () => [],
): Promise<WebhookRecord> {
  const { records, clock, endpoints } = context
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { record: before, version } = await getOwned(records, 'webhook', tenant, id)
    const record = { ...change(before), updated_at: timestamp(clock) }
    const update: Write = { op: 'update', collection: 'webhook', record, version }
    if (await records.commit([update, ...(await alongside(record))])) {
      endpoints.forget(tenant)
      return record
    }
  }
  throw new TersorError('unavailable', 'the webhook is being changed by others; try again')
}
