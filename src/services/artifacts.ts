// Artifacts: what a finished job hands back.

import { text } from 'node:stream/consumers'
import { TersorError } from '#src/domain/errors'
import { isTerminal } from '#src/domain/job'
import type { ArtifactRecord } from '#src/domain/records'
import type { Report } from '#src/domain/report'
import { report } from '#src/domain/report'
import { getOwned } from './owned-record.ts'
import type { ServiceContext } from './service-context.ts'

export async function getArtifact(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<ArtifactRecord> {
  return (await getOwned(context.records, 'artifact', tenant, id)).record
}

/** In the order in which the job wrote them; empty while it has none. */
export async function listArtifacts(
  context: ServiceContext,
  tenant: string,
  job: string,
): Promise<readonly ArtifactRecord[]> {
  const { record } = await getOwned(context.records, 'job', tenant, job)
  const found = await Promise.all(record.artifacts.map((id) => context.records.get('artifact', id)))
  return found.flatMap((entry) => (entry === null ? [] : [entry.record]))
}

/** @throws TersorError job_not_finished; not_found when the job ended without a report */
export async function readReport(
  context: ServiceContext,
  tenant: string,
  job: string,
): Promise<Report> {
  const { record } = await getOwned(context.records, 'job', tenant, job)
  const artifacts = await listArtifacts(context, tenant, job)
  const artifact = artifacts.find(({ kind }) => kind === 'report')
  if (artifact === undefined) {
    if (!isTerminal(record.status)) {
      throw new TersorError(
        'job_not_finished',
        `the job is ${record.status}; the report comes last`,
      )
    }
    if (record.artifacts_expired_at !== null) {
      throw new TersorError('not_found', `the report was dropped on ${record.artifacts_expired_at}`)
    }
    throw new TersorError('not_found', `the job ended ${record.status} and has no report`)
  }
  return report.parse(JSON.parse(await text(await context.blobs.read(artifact.sha256))))
}
