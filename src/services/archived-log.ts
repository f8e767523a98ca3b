// The log of a finished job as its artifact keeps it, for when the records of its lines are gone.

import { text } from 'node:stream/consumers'
import type { ServiceContext } from './service-context.ts'

/** All lines; none where the job has no such artifact any more. */
export async function archivedLog(
  { records, blobs }: Pick<ServiceContext, 'records' | 'blobs'>,
  job: string,
): Promise<readonly string[]> {
  const artifacts = await records.list('artifact', { where: { job }, limit: 100 })
  const log = artifacts.find(({ record }) => record.kind === 'log')
  if (log === undefined) return []
  const content = await text(await blobs.read(log.record.sha256))
  return content.replace(/\n$/, '').split('\n')
}
