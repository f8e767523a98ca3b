// Webhook endpoints: make, look up, list, delete.

import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { WebhookEvent, WebhookRecord } from '#src/domain/webhook'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import type { Page, PageRequest } from '../list-page.ts'
import { listPage } from '../list-page.ts'
import { getOwned } from '../owned-record.ts'
import type { ServiceContext } from '../service-context.ts'
import { MAX_ENDPOINTS } from './enabled-endpoints.ts'
import { newSecret } from './endpoint-secret.ts'
import { webhookUrlFault } from './webhook-url.ts'

export interface NewWebhook {
  readonly url: string
  readonly events: readonly WebhookEvent[]
  readonly description: string
  readonly metadata: Readonly<Record<string, string>>
  /** `null`: one is made. */
  readonly secret: string | null
}

/**
 * `alongside`: further writes of the same commit.
 * @throws TersorError webhook_url_forbidden, limit_exceeded
 */
export async function createWebhook(
  context: ServiceContext,
  tenant: string,
  given: NewWebhook,
  alongside: (made: WebhookRecord) => Promise<readonly Write[]> = async () => [],
): Promise<WebhookRecord> {
  const { records, clock, endpoints } = context
  checkWebhookUrl(context, given.url)
  if ((await records.count('webhook', { tenant })) >= MAX_ENDPOINTS) {
    throw new TersorError('limit_exceeded', `there are ${MAX_ENDPOINTS} webhooks already`)
  }
  const now = timestamp(clock)
  const { secret, events, ...rest } = given
  const record: WebhookRecord = {
    id: newId('webhook', clock.now()),
    tenant,
    ...rest,
    events: [...new Set(events)],
    status: 'enabled',
    disabled_reason: null,
    disabled_at: null,
    secrets: [{ secret: secret ?? newSecret(), expires: null }],
    failing: null,
    created_at: now,
    updated_at: now,
  }
  const done = await records.commit([
    { op: 'insert', collection: 'webhook', record },
    ...(await alongside(record)),
  ])
  if (!done) throw new TersorError('unavailable', 'another request changed the same records')
  endpoints.forget(tenant)
  return record
}

/** @throws TersorError webhook_url_forbidden */
export function checkWebhookUrl({ options }: ServiceContext, url: string): void {
  const fault = webhookUrlFault(url, options.webhookAllow)
  if (fault === null) return
  throw new TersorError('webhook_url_forbidden', fault, {
    errors: [{ pointer: '/url', code: 'webhook_url_forbidden', detail: fault }],
  })
}

export async function getWebhook(
  { records }: ServiceContext,
  tenant: string,
  id: string,
): Promise<WebhookRecord> {
  return (await getOwned(records, 'webhook', tenant, id)).record
}

export async function listWebhooks(
  { records }: ServiceContext,
  tenant: string,
  filters: { readonly status?: string },
  page: PageRequest,
): Promise<Page<WebhookRecord>> {
  return await listPage(records, 'webhook', tenant, { tenant, ...filters }, page)
}

/** What is still to be delivered to it fails; its deliveries stay. */
export async function deleteWebhook(
  { records, endpoints }: ServiceContext,
  tenant: string,
  id: string,
): Promise<void> {
  await getOwned(records, 'webhook', tenant, id)
  await records.commit([{ op: 'delete', collection: 'webhook', id }])
  endpoints.forget(tenant)
}
