// Prometheus metrics of an API process: its own, and those of the whole service as the records tell them.

import { Counter, Gauge, Histogram } from 'prom-client'
import type { ServiceContext } from '#src/services/service-context'
import { within } from '#src/services/within'
import type { Collector } from './collector.ts'
import { jobMetrics } from './job-metrics.ts'
import { processMetrics } from './process-metrics.ts'
import { journalMetrics } from './journal-metrics.ts'
import { metricNames, processRegistry } from './process-registry.ts'
import type { MetricName } from './process-registry.ts'
import { queueMetrics } from './queue-metrics.ts'
import { watchStores } from './store-errors.ts'
import { webhookMetrics } from './webhook-metrics.ts'

export interface Metrics {
  readonly contentType: string
  /** With the stores' failures counted: what the routes are to work with. */
  readonly service: ServiceContext
  request(operation: string, status: number, seconds: number): void
  text(): Promise<string>
  names(): readonly MetricName[]
}

const COLLECTORS: Readonly<Record<string, Collector>> = {
  queue: queueMetrics,
  jobs: jobMetrics,
  webhooks: webhookMetrics,
  processes: processMetrics,
}
/** Figures from the stores are read this often at most, however many scrape. */
const FRESH_MS = 5000
const ANSWER_WITHIN_MS = 2000

export function openMetrics(context: ServiceContext): Metrics {
  const registry = processRegistry()
  const registers = [registry]
  const service = watchStores(context, registry)
  journalMetrics(context, registry)
  const requests = new Counter({
    name: 'tersor_http_requests_total',
    help: 'Requests answered',
    labelNames: ['operation', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'tersor_http_request_seconds',
    help: 'Time to answer',
    labelNames: ['operation'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers,
  })
  const fresh = new Gauge({
    name: 'tersor_figures_fresh',
    help: '1 when the figures of this part were read from the stores just now, 0 when they are old because a store did not answer',
    labelNames: ['part'],
    registers,
  })
  const parts = Object.entries(COLLECTORS).map(
    ([part, open]) => [part, oneAtATime(open(service, registry))] as const,
  )
  let last = { at: Number.NEGATIVE_INFINITY, done: Promise.resolve() }

  async function collect(): Promise<void> {
    await Promise.all(
      parts.map(async ([part, refresh]) => {
        const ok = await within(ANSWER_WITHIN_MS, refresh).then(
          () => 1,
          () => 0,
        )
        fresh.set({ part }, ok)
      }),
    )
  }

  return {
    contentType: registry.contentType,
    service,
    request: (operation, status, seconds) => {
      requests.inc({ operation, status })
      durations.observe({ operation }, seconds)
    },
    text: async () => {
      const now = performance.now()
      if (now - last.at > FRESH_MS) last = { at: now, done: collect() }
      await last.done
      return await registry.metrics()
    },
    names: () => metricNames(registry),
  }
}

/** A reading that is still going on is joined, not repeated. */
function oneAtATime(refresh: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= refresh().finally(() => {
      running = null
    })
    return running
  }
}
