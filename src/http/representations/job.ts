// A job on the wire. The webhook's secret stays with us.

import { z } from 'zod'
import type { JobRecord } from '#src/domain/job'
import { JOB_STATUSES } from '#src/domain/job'
import { jobSpec } from '#src/recipes/job-spec'

export const job = z
  .object({
    id: z.string(),
    object: z.literal('job'),
    name: z.string(),
    status: z.enum(JOB_STATUSES),
    stage: z.string().describe('What is being done; the set may grow.'),
    progress: z.object({
      fraction: z.number(),
      step: z.int(),
      steps: z.int(),
      message: z.string(),
      eta_seconds: z.number().nullable(),
    }),
    queue_position: z
      .int()
      .nullable()
      .describe('0 = next; null when it does not wait, and in the answer that creates it.'),
    attempt: z.int(),
    model: z.string(),
    steps: jobSpec.shape.steps,
    datasets: jobSpec.shape.datasets,
    evaluation: jobSpec.shape.evaluation,
    created_at: z.string(),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        stage: z.string(),
        attempt: z.int(),
        retryable: z.boolean(),
      })
      .nullable(),
    summary: z
      .object({
        compression_ratio: z.number().nullable(),
        speedup: z.number().nullable(),
        metric_drop: z.number().nullable(),
        warnings: z.array(z.string()),
      })
      .nullable(),
    artifacts: z.array(z.string()).describe('Ids.'),
    artifacts_expired_at: z
      .string()
      .nullable()
      .describe('When the artifacts were dropped for their age; null while they are kept.'),
    reused_from: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    spec: jobSpec.describe('Every default resolved; posting it again repeats the job.'),
    urls: z.object({
      self: z.string(),
      cancel: z.string(),
      events: z.string(),
      stream: z.string(),
      log: z.string(),
      report: z.string(),
      artifacts: z.string(),
    }),
  })
  .meta({ id: 'Job' })

export function jobBody(record: JobRecord, queuePosition: number | null) {
  const { spec } = record
  const self = `/v1/jobs/${record.id}`
  return {
    id: record.id,
    object: 'job',
    name: spec.name,
    status: record.status,
    stage: record.stage,
    progress: record.progress,
    queue_position: queuePosition,
    attempt: record.attempt,
    model: record.model,
    steps: spec.steps,
    datasets: spec.datasets,
    evaluation: spec.evaluation,
    created_at: record.created_at,
    started_at: record.started_at,
    finished_at: record.finished_at,
    error: record.error,
    summary: record.summary,
    artifacts: record.artifacts,
    // Jobs of the first version have no such field.
    artifacts_expired_at: record.artifacts_expired_at ?? null,
    reused_from: record.reused_from,
    metadata: spec.metadata,
    spec: { ...spec, webhook: spec.webhook === null ? null : { ...spec.webhook, secret: null } },
    urls: {
      self,
      cancel: `${self}/cancel`,
      events: `${self}/events`,
      stream: `${self}/stream`,
      log: `${self}/log`,
      report: `${self}/report`,
      artifacts: `${self}/artifacts`,
    },
  } as const
}
