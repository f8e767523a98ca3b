// The parts of an upload that is no longer pending go; the record says when they are gone, so that a crash leaves none.

import type { UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '../service-context.ts'
import { dropAllParts } from './received-parts.ts'

/** A store that fails now is no failure of the request: the sweeper drops what is left. */
export async function dropParts(context: ServiceContext, upload: UploadRecord): Promise<void> {
  try {
    await dropAllParts(context, upload)
    await markDropped(context, upload.id)
  } catch {
    return
  }
}

async function markDropped({ records }: ServiceContext, id: string): Promise<void> {
  const found = await records.get('upload', id)
  if (found === null || found.record.parts === 'dropped' || found.record.status === 'pending')
    return
  const record: UploadRecord = { ...found.record, parts: 'dropped' }
  await records.commit([{ op: 'update', collection: 'upload', record, version: found.version }])
}
