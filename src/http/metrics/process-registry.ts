// What every process of the service tells of itself: memory, CPU time, event-loop delay, garbage collection.

import { collectDefaultMetrics, Registry } from 'prom-client'

export function processRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'tersor_' })
  return registry
}
