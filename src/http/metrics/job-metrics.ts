// Jobs by status now; those that finish, with how long they waited and ran. Every API process tells of all jobs:
// take the maximum over the processes, not the sum.

import { Counter, Gauge, Histogram } from 'prom-client'
import { JOB_STATUSES } from '#src/domain/job'
import { watchFinishedJobs } from '#src/services/finished-jobs'
import type { Collector } from './collector.ts'

export const jobMetrics: Collector = (context, registry) => {
  const registers = [registry]
  const jobs = new Gauge({
    name: 'tersor_jobs',
    help: 'Jobs by status',
    labelNames: ['status'],
    registers,
  })
  const finished = new Counter({
    name: 'tersor_jobs_finished_total',
    help: 'Jobs of the whole service that finished since this process started',
    labelNames: ['status', 'code'],
    registers,
  })
  const wait = new Histogram({
    name: 'tersor_job_wait_seconds',
    help: 'From the creation of a job to its first start',
    buckets: [0.1, 0.2, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 43_200],
    registers,
  })
  const run = new Histogram({
    name: 'tersor_job_run_seconds',
    help: 'From the first start of a job to its end',
    labelNames: ['status'],
    buckets: [0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400],
    registers,
  })
  const next = watchFinishedJobs(context)
  return async () => {
    for (const status of JOB_STATUSES) {
      jobs.set({ status }, await context.records.count('job', { status }))
    }
    for (const { status, code, waitSeconds, runSeconds } of await next()) {
      finished.inc({ status, code })
      if (waitSeconds !== null) wait.observe(waitSeconds)
      if (runSeconds !== null) run.observe({ status }, runSeconds)
    }
  }
}
