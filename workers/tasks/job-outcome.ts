// What the record says of how a job ended.

import { ERRORS, TersorError } from '#src/domain/errors'
import type { JobError, JobRecord, JobSummary } from '#src/domain/job'
import type { Report } from '#src/domain/report'
import { ChildFailure } from '#workers/sandbox/child-failure'
import { DISK_FULL, isDiskFull } from '#workers/sandbox/disk-full'
import { JobTimeout } from './watch-job.ts'

export function summaryOf({ change, warnings }: Report): JobSummary {
  return {
    compression_ratio: change.compression_ratio,
    speedup: change.speedup,
    metric_drop: change.metric_drop,
    warnings: warnings.map(({ code }) => code),
  }
}

export function goalError(report: Report, job: JobRecord): JobError {
  const missed = report.goal?.checks.filter((check) => !check.met) ?? []
  const words = missed.map(
    ({ name, limit, value }) => `${name} is ${value ?? 'unknown'}, the limit is ${limit}`,
  )
  return {
    code: 'goal_not_met',
    message: words.join('; '),
    stage: job.stage,
    attempt: job.attempt,
    retryable: false,
  }
}

export function jobError(job: JobRecord, cause: unknown): JobError {
  const base = { stage: job.stage, attempt: job.attempt, retryable: false }
  if (cause instanceof JobTimeout) {
    return {
      ...base,
      code: 'deadline_exceeded',
      message: `the job ran longer than ${cause.seconds} s`,
    }
  }
  if (cause instanceof ChildFailure) {
    const { retryable } = ERRORS[cause.code]
    return { ...base, code: cause.code, stage: cause.stage, message: cause.detail, retryable }
  }
  if (isDiskFull(cause))
    return { ...base, code: 'storage_full', message: DISK_FULL, retryable: true }
  if (cause instanceof TersorError) {
    const { retryable } = ERRORS[cause.code]
    return { ...base, code: cause.code, message: cause.detail, retryable }
  }
  return {
    ...base,
    code: 'internal_error',
    message: 'something went wrong on our side',
    retryable: true,
  }
}
