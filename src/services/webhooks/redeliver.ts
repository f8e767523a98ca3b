// A delivery once more, at once and with a schedule of its own. To its receiver it is the same event: `webhook-id` stays.

import { TersorError } from '#src/domain/errors'
import type { DeliveryRecord } from '#src/domain/webhook'
import type { Write } from '#src/ports/record-store'
import { getOwned } from '../owned-record.ts'
import type { ServiceContext } from '../service-context.ts'
import { deliveryWrites, endpointReceiver, enqueueDeliveries, newDelivery } from './fan-out.ts'

const ATTEMPTS = 5

type Alongside = (made: DeliveryRecord) => Promise<readonly Write[]>

/**
 * A delivery that still waits for its next try is replaced by the new one.
 * `alongside`: further writes of the same commit.
 * @throws TersorError not_found, webhook_disabled
 */
export async function redeliver(
  context: ServiceContext,
  tenant: string,
  id: string,
  alongside: Alongside = async () => [],
): Promise<DeliveryRecord> {
  const { records, queue } = context
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { record: before, version } = await getOwned(records, 'delivery', tenant, id)
    const made = newDelivery(before, await receiverOf(context, before), context.clock, before.id)
    const replaced: Write = {
      op: 'update',
      collection: 'delivery',
      record: { ...before, status: 'replaced' },
      version,
    }
    const waits = before.status === 'pending'
    const writes = [...(waits ? [replaced] : []), ...deliveryWrites([made])]
    if (!(await records.commit([...writes, ...(await alongside(made))]))) continue
    // Should this fail, whoever claims the entry finds the delivery replaced.
    if (waits) await queue.remove('deliver-webhook', before.id).catch(() => undefined)
    await enqueueDeliveries(context, [made])
    return made
  }
  throw new TersorError('unavailable', 'the delivery is being tried; ask again')
}

async function receiverOf(
  { records }: ServiceContext,
  before: DeliveryRecord,
): Promise<Pick<DeliveryRecord, 'webhook' | 'url' | 'secret'>> {
  const { webhook, url, secret } = before
  if (webhook === 'none') return { webhook, url, secret }
  const found = await records.get('webhook', webhook)
  if (found === null) throw new TersorError('webhook_disabled', 'its webhook was deleted')
  if (found.record.status === 'disabled') {
    throw new TersorError('webhook_disabled', 'enable its webhook first')
  }
  return endpointReceiver(found.record)
}
