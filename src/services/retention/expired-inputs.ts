// Models and datasets that nobody used for long. What a job that has not finished needs stays.

import { listedSteps } from '#src/recipes/listed-steps'
import { otherModelsOf } from '#src/recipes/step'
import type { ServiceContext } from '#src/services/service-context'
import { unfinishedJobs } from '#src/services/unfinished-jobs'
import { oldRecords } from './old-records.ts'

/** @param before epoch milliseconds */
export async function dropExpiredInputs(context: ServiceContext, before: number): Promise<number> {
  return (
    (await dropInputs(context, 'model', before)) + (await dropInputs(context, 'dataset', before))
  )
}

async function dropInputs(
  context: ServiceContext,
  collection: 'model' | 'dataset',
  before: number,
): Promise<number> {
  const { records, blobs, pins } = context
  let dropped = 0
  for await (const batch of oldRecords(records, { collection, prefix: collection, before })) {
    for (const { record } of batch) {
      if (await isNeeded(context, record.tenant, record.id, before)) continue
      await records.commit([{ op: 'delete', collection, id: record.id }])
      await pins.dropUnused(blobs, records, record.sha256)
      dropped += 1
    }
  }
  return dropped
}

async function isNeeded(
  { records }: ServiceContext,
  tenant: string,
  id: string,
  before: number,
): Promise<boolean> {
  const [newest] = await records.list('job', { where: { model: id }, limit: 1 })
  if (newest !== undefined && Date.parse(newest.record.created_at) >= before) return true
  for await (const job of unfinishedJobs(records, tenant)) {
    const others = listedSteps(job.spec).flatMap(otherModelsOf)
    if ([job.model, ...others, ...Object.values(job.spec.datasets)].includes(id)) return true
  }
  return false
}
