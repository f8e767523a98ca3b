// Prometheus metrics of a worker: its process, its tasks, the stores that failed it.

import { journalMetrics } from '#src/http/metrics/journal-metrics'
import { metricNames, processRegistry } from '#src/http/metrics/process-registry'
import type { MetricName } from '#src/http/metrics/process-registry'
import { watchStores } from '#src/http/metrics/store-errors'
import type { ServiceContext } from '#src/services/service-context'
import { watchTasks } from './task-metrics.ts'

export interface WorkerMetrics {
  readonly contentType: string
  /** What the worker is to work with, so that it can be watched. */
  readonly service: ServiceContext
  text(): Promise<string>
  names(): readonly MetricName[]
}

export function openWorkerMetrics(context: ServiceContext): WorkerMetrics {
  const registry = processRegistry()
  const service = watchStores(context, registry)
  journalMetrics(context, registry)
  return {
    contentType: registry.contentType,
    service: { ...service, queue: watchTasks(service.queue, registry) },
    text: () => registry.metrics(),
    names: () => metricNames(registry),
  }
}
