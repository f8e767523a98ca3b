// The commit that ends a job: its record, its last event and the deliveries of its webhooks, all or nothing.

import type { JobRecord } from '#src/domain/job'
import type { JobEventType } from '#src/domain/records'
import type { ServiceContext } from './service-context.ts'
import type { JobNews } from './webhooks/job-news.ts'
import { jobNews } from './webhooks/job-news.ts'

/**
 * @param job with its terminal status, error, summary and artifacts set
 * @param version of the record it replaces
 */
export async function jobEnding(
  context: Pick<ServiceContext, 'clock' | 'endpoints'>,
  job: JobRecord,
  version: number,
): Promise<JobNews> {
  const type = `job.${job.status}` as Extract<
    JobEventType,
    'job.succeeded' | 'job.failed' | 'job.canceled'
  >
  const message = job.error === null ? `the job ${job.status}` : job.error.message
  const data = job.error === null ? {} : { error: job.error }
  const { writes, deliveries } = await jobNews(context, job, version + 1, type, message, data)
  return {
    writes: [{ op: 'update', collection: 'job', record: job, version }, ...writes],
    deliveries,
  }
}
