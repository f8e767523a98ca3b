// Where the trainings of unfinished jobs stand.

import type { JobRecord } from '#src/domain/job'
import type { CheckpointRecord } from '#src/domain/records'
import type { RecordStore } from '#src/ports/record-store'
import type { ServiceContext } from './service-context.ts'

export function checkpointIds(job: JobRecord): readonly string[] {
  // Jobs of the first versions have no such field.
  return job.checkpoints ?? []
}

/** Those that the job's record names. */
export async function checkpointsOf(
  records: RecordStore,
  job: JobRecord,
): Promise<readonly CheckpointRecord[]> {
  const found = await Promise.all(checkpointIds(job).map((id) => records.get('checkpoint', id)))
  return found.flatMap((entry) => (entry === null ? [] : [entry.record]))
}

/**
 * Deletes the bytes of checkpoints whose records are gone. Nobody else can name them, so this is safe where processes share
 * the store, too; what cannot be deleted now is collected by its age.
 */
export async function dropCheckpointBytes(
  { blobs }: Pick<ServiceContext, 'blobs'>,
  checkpoints: readonly Pick<CheckpointRecord, 'sha256'>[],
): Promise<void> {
  await Promise.allSettled(checkpoints.map(({ sha256 }) => blobs.delete(sha256)))
}
