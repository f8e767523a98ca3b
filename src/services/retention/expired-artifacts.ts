// Artifacts past their age: their records go, their job says when, their bytes follow once nothing names them.

import type { ArtifactRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import type { ServiceContext } from '#src/services/service-context'
import { oldRecords } from './old-records.ts'

/** @param before epoch milliseconds */
export async function dropExpiredArtifacts(
  context: ServiceContext,
  before: number,
): Promise<number> {
  let dropped = 0
  const old = { collection: 'artifact', prefix: 'artifact', before } as const
  for await (const batch of oldRecords(context.records, old)) {
    const jobs = new Set(batch.map(({ record }) => record.job))
    for (const job of jobs) dropped += await dropArtifactsOf(context, job)
  }
  return dropped
}

/** All artifacts of a job at once: they were written by one commit and are of one age. */
async function dropArtifactsOf(context: ServiceContext, job: string): Promise<number> {
  const { records, clock } = context
  const found = await records.get('job', job)
  const artifacts = await artifactsOf(context, job)
  const writes = deletions(artifacts)
  if (found !== null) {
    const record = { ...found.record, artifacts: [], artifacts_expired_at: timestamp(clock) }
    writes.push({ op: 'update', collection: 'job', record, version: found.version })
  }
  // Somebody else changed the job: the next round finds the artifacts again.
  if (!(await records.commit(writes))) return 0
  await dropBytes(context, artifacts)
  return artifacts.length
}

export async function artifactsOf(
  { records }: Pick<ServiceContext, 'records'>,
  job: string,
): Promise<readonly ArtifactRecord[]> {
  const found = await records.list('artifact', { where: { job }, limit: 1000 })
  return found.map(({ record }) => record)
}

export function deletions(artifacts: readonly ArtifactRecord[]): Write[] {
  return artifacts.map(({ id }) => ({ op: 'delete', collection: 'artifact', id }))
}

export async function dropBytes(
  { pins, blobs, records }: ServiceContext,
  artifacts: readonly ArtifactRecord[],
): Promise<void> {
  for (const { sha256 } of artifacts) await pins.dropUnused(blobs, records, sha256)
}
