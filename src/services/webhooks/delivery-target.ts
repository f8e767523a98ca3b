// Where a delivery goes now, and what signs it: an endpoint may have changed since the event.

import type { DeliveryRecord } from '#src/domain/webhook'
import type { ServiceContext } from '../service-context.ts'
import { webhookSecrets } from './default-secret.ts'
import { signingSecrets } from './endpoint-secret.ts'
import { webhookUrlFault } from './webhook-url.ts'

export type DeliveryTarget =
  | { readonly kind: 'url'; readonly url: string; readonly secrets: readonly string[] }
  /** There will be no further try. `outcome` as in an attempt. */
  | { readonly kind: 'nowhere'; readonly outcome: 'webhook_deleted' | 'webhook_disabled' }
  /** It must not be called now; the operator may allow it later. */
  | { readonly kind: 'blocked'; readonly url: string }

export async function deliveryTarget(
  context: Pick<ServiceContext, 'records' | 'clock' | 'options'>,
  delivery: DeliveryRecord,
): Promise<DeliveryTarget> {
  const { records, clock, options } = context
  const { tenant, webhook, secret } = delivery
  const permitted = (url: string, secrets: readonly string[]): DeliveryTarget =>
    webhookUrlFault(url, options.webhookAllow) === null
      ? { kind: 'url', url, secrets }
      : { kind: 'blocked', url }
  if (webhook === 'none') {
    const secrets = secret === 'tenant' ? await webhookSecrets(context, tenant) : [secret]
    return permitted(delivery.url, secrets)
  }
  const found = await records.get('webhook', webhook)
  if (found === null) return { kind: 'nowhere', outcome: 'webhook_deleted' }
  const { record } = found
  if (record.status === 'disabled') return { kind: 'nowhere', outcome: 'webhook_disabled' }
  const secrets = signingSecrets(record.secrets, clock.now())
  return permitted(
    record.url,
    secrets.map((entry) => entry.secret),
  )
}
