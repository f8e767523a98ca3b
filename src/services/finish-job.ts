// The commit that ends a job: its record, its last event, the deliveries of its webhooks and the end of its checkpoints, all
// or nothing.

import type { JobRecord, JobStatus } from '#src/domain/job'
import type { CheckpointRecord, JobEventType } from '#src/domain/records'
import type { Write } from '#src/ports/record-store'
import { checkpointsOf } from './checkpoints.ts'
import type { ServiceContext } from './service-context.ts'
import type { JobNews } from './webhooks/job-news.ts'
import { jobNews } from './webhooks/job-news.ts'

export interface JobEnding extends JobNews {
  /** Whose bytes are to be dropped once the writes are committed. */
  readonly checkpoints: readonly CheckpointRecord[]
}

const ENDED: Readonly<Partial<Record<JobStatus, string>>> = {
  succeeded: 'the job succeeded',
  failed: 'the job failed',
  canceled: 'the job was canceled',
}

/**
 * @param job with its terminal status, error, summary and artifacts set
 * @param version of the record it replaces
 */
export async function jobEnding(
  context: Pick<ServiceContext, 'clock' | 'endpoints' | 'records'>,
  job: JobRecord,
  version: number,
): Promise<JobEnding> {
  const type = `job.${job.status}` as Extract<
    JobEventType,
    'job.succeeded' | 'job.failed' | 'job.canceled'
  >
  const message = job.error === null ? (ENDED[job.status] ?? job.status) : job.error.message
  const data = job.error === null ? {} : { error: job.error }
  const { writes, deliveries } = await jobNews(context, job, version + 1, type, message, data)
  const checkpoints = await checkpointsOf(context.records, job)
  const drops = checkpoints.map(({ id }): Write => ({ op: 'delete', collection: 'checkpoint', id }))
  const record = { ...job, checkpoints: [] }
  return {
    writes: [{ op: 'update', collection: 'job', record, version }, ...writes, ...drops],
    deliveries,
    checkpoints,
  }
}
