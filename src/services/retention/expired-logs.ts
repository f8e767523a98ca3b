// Log lines of jobs that ended long ago: the artifact `log` holds them as well.

import { isTerminal } from '#src/domain/job'
import type { ServiceContext } from '#src/services/service-context'
import { deleteOfJob } from './delete-records.ts'
import { endedBefore } from './expired-jobs.ts'
import { oldRecords } from './old-records.ts'

/** @param before epoch milliseconds */
export async function dropExpiredLogs(
  { records }: Pick<ServiceContext, 'records'>,
  before: number,
): Promise<number> {
  let dropped = 0
  // Ids of log records start with the id of their job, hence sort by its time.
  const old = { collection: 'log', prefix: 'job', before } as const
  for await (const batch of oldRecords(records, old)) {
    const jobs = new Set(batch.map(({ record }) => record.job))
    for (const id of jobs) {
      const job = await records.get('job', id)
      const over =
        job === null || (isTerminal(job.record.status) && endedBefore(job.record, before))
      if (over) dropped += await deleteOfJob(records, 'log', id)
    }
  }
  return dropped
}
