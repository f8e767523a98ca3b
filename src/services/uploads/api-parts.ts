// Parts that came through the API: a blob and a record each.

import type { UploadPartRecord, UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '../service-context.ts'
import { partCount } from './part-layout.ts'
import type { ReceivedPart } from './received-parts.ts'

const DIGITS = 5
const BATCH = 100

export function partRecordId(upload: string, partNumber: number): string {
  return `${upload}.${String(partNumber).padStart(DIGITS, '0')}`
}

export async function listApiParts(
  context: ServiceContext,
  upload: UploadRecord,
): Promise<readonly ReceivedPart[]> {
  const parts = await listRecords(context, upload)
  return parts.map(({ part_number: partNumber, size_bytes: size, sha256 }) => {
    return { partNumber, size, sha256 }
  })
}

async function listRecords(
  { records }: ServiceContext,
  upload: UploadRecord,
): Promise<readonly UploadPartRecord[]> {
  const found = await records.list('upload_part', {
    where: { upload: upload.id },
    order: 'ascending',
    limit: partCount(upload),
  })
  return found.map(({ record }) => record)
}

/** Unless another was sent in its place meanwhile. */
export async function forgetApiPart(
  { records }: ServiceContext,
  upload: UploadRecord,
  partNumber: number,
  sha256: string,
): Promise<void> {
  const id = partRecordId(upload.id, partNumber)
  const found = await records.get('upload_part', id)
  if (found?.record.sha256 !== sha256) return
  await records.commit([{ op: 'delete', collection: 'upload_part', id }])
}

export async function dropApiParts(context: ServiceContext, upload: UploadRecord): Promise<void> {
  const { blobs, records, pins } = context
  const parts = await listRecords(context, upload)
  for (let start = 0; start < parts.length; start += BATCH) {
    const batch = parts.slice(start, start + BATCH)
    await records.commit(
      batch.map(({ id }) => ({ op: 'delete', collection: 'upload_part', id }) as const),
    )
    for (const { sha256 } of batch) await pins.dropUnused(blobs, records, sha256)
  }
}
