// A delivery of type `ping`, to try an endpoint. It is tried once.

import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { DeliveryRecord } from '#src/domain/webhook'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import { getOwned } from '../owned-record.ts'
import type { ServiceContext } from '../service-context.ts'
import { deliveryWrites, endpointReceiver, enqueueDeliveries, newDelivery } from './fan-out.ts'

/**
 * `alongside`: further writes of the same commit.
 * @throws TersorError not_found, webhook_disabled
 */
export async function sendPing(
  context: ServiceContext,
  tenant: string,
  id: string,
  alongside: (made: DeliveryRecord) => Promise<readonly Write[]> = async () => [],
): Promise<DeliveryRecord> {
  const { records, clock } = context
  const { record } = await getOwned(records, 'webhook', tenant, id)
  if (record.status === 'disabled') {
    throw new TersorError('webhook_disabled', 'enable the webhook first')
  }
  const body = { type: 'ping', timestamp: timestamp(clock), data: { id, object: 'webhook' } }
  const news = {
    tenant,
    job: 'none',
    event: newId('event', clock.now()),
    type: 'ping',
    body: JSON.stringify(body),
  } as const
  const made = newDelivery(news, endpointReceiver(record), clock)
  const done = await records.commit([...deliveryWrites([made]), ...(await alongside(made))])
  if (!done) throw new TersorError('unavailable', 'another request changed the same records')
  await enqueueDeliveries(context, [made])
  return made
}
