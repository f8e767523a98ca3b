// Parts that came through the API: a blob and a record each.

import type { UploadPartRecord, UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '../service-context.ts'
import { partCount } from './part-layout.ts'
import type { PartsPlace } from './received-parts.ts'

const DIGITS = 5
const BATCH = 100

export function partRecordId(upload: string, partNumber: number): string {
  return `${upload}.${String(partNumber).padStart(DIGITS, '0')}`
}

export function apiParts({ blobs, records, pins }: ServiceContext): PartsPlace {
  const listRecords = async (upload: UploadRecord): Promise<readonly UploadPartRecord[]> => {
    const found = await records.list('upload_part', {
      where: { upload: upload.id },
      order: 'ascending',
      limit: partCount(upload),
    })
    return found.map(({ record }) => record)
  }
  return {
    async list(upload) {
      const parts = await listRecords(upload)
      return parts.map(({ part_number: partNumber, size_bytes: size, sha256 }) => {
        return { partNumber, size, sha256 }
      })
    },
    async read(_, { sha256 }) {
      return await blobs.read(sha256 ?? '')
    },
    async forget(upload, { partNumber, sha256 }) {
      const id = partRecordId(upload.id, partNumber)
      const found = await records.get('upload_part', id)
      if (found?.record.sha256 !== sha256) return
      await records.commit([{ op: 'delete', collection: 'upload_part', id }])
    },
    async drop(upload) {
      const parts = await listRecords(upload)
      for (let start = 0; start < parts.length; start += BATCH) {
        const batch = parts.slice(start, start + BATCH)
        await records.commit(
          batch.map(({ id }) => ({ op: 'delete', collection: 'upload_part', id }) as const),
        )
        for (const { sha256 } of batch) await pins.dropUnused(blobs, records, sha256)
      }
    },
  }
}
