// Jobs that ended long ago, with all that belongs to them.

import { isTerminal, JOB_STATUSES } from '#src/domain/job'
import type { JobRecord } from '#src/domain/job'
import type { ServiceContext } from '#src/services/service-context'
import { deleteOfJob } from './delete-records.ts'
import { artifactsOf, deletions, dropBytes } from './expired-artifacts.ts'
import { oldRecords } from './old-records.ts'

/** @param before epoch milliseconds */
export async function dropExpiredJobs(context: ServiceContext, before: number): Promise<number> {
  let dropped = 0
  for (const status of JOB_STATUSES.filter(isTerminal)) {
    const old = { collection: 'job', where: { status }, prefix: 'job', before } as const
    for await (const batch of oldRecords(context.records, old)) {
      for (const { record } of batch) {
        if (!endedBefore(record, before) || (await hasPendingDelivery(context, record))) continue
        await dropJob(context, record)
        dropped += 1
      }
    }
  }
  return dropped
}

export function endedBefore(job: JobRecord, before: number): boolean {
  return job.finished_at !== null && Date.parse(job.finished_at) < before
}

/** A webhook that is still being tried tells of the job: both wait for its end. */
async function hasPendingDelivery(context: ServiceContext, { id }: JobRecord): Promise<boolean> {
  return (await context.records.count('delivery', { job: id, status: 'pending' })) > 0
}

/** The job goes last, so that a crash on the way leaves nothing that no job leads to. */
async function dropJob(context: ServiceContext, { id }: JobRecord): Promise<void> {
  const { records } = context
  for (const collection of ['event', 'log', 'delivery'] as const) {
    await deleteOfJob(records, collection, id)
  }
  const artifacts = await artifactsOf(context, id)
  await records.commit([...deletions(artifacts), { op: 'delete', collection: 'job', id }])
  await dropBytes(context, artifacts)
}
