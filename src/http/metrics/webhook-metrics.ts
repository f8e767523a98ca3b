// Webhook deliveries by status.

import { Gauge } from 'prom-client'
import { DELIVERY_STATUSES } from '#src/domain/webhook'
import type { Collector } from './collector.ts'

export const webhookMetrics: Collector = ({ records }, registry) => {
  const deliveries = new Gauge({
    name: 'tersor_webhook_deliveries',
    help: 'Webhook deliveries that are kept, by status',
    labelNames: ['status'],
    registers: [registry],
  })
  return async () => {
    for (const status of DELIVERY_STATUSES) {
      deliveries.set({ status }, await records.count('delivery', { status }))
    }
  }
}
