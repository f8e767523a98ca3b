// What every process of the service tells of itself: memory, CPU time, event-loop delay, garbage collection.

import { collectDefaultMetrics, Registry } from 'prom-client'

export interface MetricName {
  readonly name: string
  readonly labels: readonly string[]
}

/** Every metric of the registry, with the labels it may carry. */
export function metricNames(registry: Registry): readonly MetricName[] {
  return registry.getMetricsAsArray().map((metric) => {
    const { labelNames = [] } = metric as unknown as { readonly labelNames?: readonly string[] }
    return { name: metric.name, labels: labelNames }
  })
}

export function processRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'tersor_' })
  return registry
}
