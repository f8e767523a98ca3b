// Blobs whose record was never written: the process died between storing the bytes and committing the record.

import type { ServiceContext } from './service-context.ts'

/** Deletes every blob that no record names. For the start of a process that has the store to itself. */
export async function removeOrphans(
  context: Pick<ServiceContext, 'blobs' | 'records' | 'pins'>,
): Promise<void> {
  const { blobs, records, pins } = context
  for await (const { key } of blobs.keys()) await pins.dropUnused(blobs, records, key)
}
