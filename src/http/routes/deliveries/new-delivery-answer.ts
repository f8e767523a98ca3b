// The answer of requests that make a delivery.

import type { DeliveryRecord } from '#src/domain/webhook'
import { deliveryBody } from '../../representations/delivery.ts'
import type { Answer } from '../../route.ts'

export function newDeliveryAnswer(record: DeliveryRecord): Answer {
  const headers = { location: `/v1/deliveries/${record.id}` }
  return { status: 201, headers, body: deliveryBody(record) }
}
