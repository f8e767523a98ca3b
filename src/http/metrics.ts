// Prometheus metrics of this process.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { JOB_STATUSES } from '#src/domain/job'
import { TASK_KINDS } from '#src/ports/job-queue'
import type { ServiceContext } from '#src/services/service-context'

export interface Metrics {
  readonly contentType: string
  request(operation: string, status: number, seconds: number): void
  text(): Promise<string>
}

export function openMetrics({ queue, records }: ServiceContext): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'tersor_' })
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
  const depth = new Gauge({
    name: 'tersor_queue_entries',
    help: 'Entries of the queue',
    labelNames: ['kind', 'state'],
    registers,
  })
  const jobs = new Gauge({
    name: 'tersor_jobs',
    help: 'Jobs by status',
    labelNames: ['status'],
    registers,
  })
  return {
    contentType: registry.contentType,
    request: (operation, status, seconds) => {
      requests.inc({ operation, status })
      durations.observe({ operation }, seconds)
    },
    text: async () => {
      for (const kind of TASK_KINDS) {
        const { waiting, claimed } = await queue.depth(kind)
        depth.set({ kind, state: 'waiting' }, waiting)
        depth.set({ kind, state: 'claimed' }, claimed)
      }
      for (const status of JOB_STATUSES)
        jobs.set({ status }, await records.count('job', { status }))
      return await registry.metrics()
    },
  }
}
