// An upload by parts begins: how large, what it should hash to, and what for.

import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { UploadPurpose, UploadRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import type { ServiceContext } from '../service-context.ts'
import { partSizeFor } from './part-layout.ts'

const BATCH = 500

export interface NewUpload {
  readonly filename: string
  readonly size: number
  readonly sha256: string
  readonly purpose: UploadPurpose
}

/**
 * `alongside`: further writes of the same commit.
 * @throws TersorError empty_file, payload_too_large, too_many_uploads
 */
export async function createUpload(
  context: ServiceContext,
  tenant: string,
  { filename, size, sha256, purpose }: NewUpload,
  alongside: (upload: UploadRecord) => Promise<readonly Write[]>,
): Promise<UploadRecord> {
  const { clock, options, records } = context
  const most = purpose === 'model' ? options.maxModelBytes : options.maxDatasetBytes
  if (size === 0) throw new TersorError('empty_file', 'a file has at least one byte')
  if (size > most) {
    throw new TersorError('payload_too_large', `a ${purpose} has at most ${most} bytes`)
  }
  const pending = await records.count('upload', { tenant, status: 'pending' })
  if (pending >= options.maxPendingUploads) {
    throw new TersorError(
      'too_many_uploads',
      `${pending} uploads are pending; complete or cancel one of them, or wait until one expires`,
      { headers: { 'retry-after': '60' } },
    )
  }
  const declared = await pendingBytes(context, tenant)
  if (declared + size > options.maxPendingUploadBytes) {
    throw new TersorError(
      'too_many_uploads',
      `pending uploads of ${declared} bytes and this one of ${size} are more than ${options.maxPendingUploadBytes} bytes; complete or cancel one of them, or wait until one expires`,
      { headers: { 'retry-after': '60' } },
    )
  }
  const record: UploadRecord = {
    id: newId('upload', clock.now()),
    tenant,
    filename,
    purpose,
    size_bytes: size,
    sha256,
    part_size_bytes: partSizeFor(size),
    status: 'pending',
    blob: null,
    used_by: null,
    parts: 'kept',
    created_at: timestamp(clock),
    expires_at: new Date(clock.now() + options.uploadMs).toISOString(),
  }
  const more = await alongside(record)
  if (await records.commit([{ op: 'insert', collection: 'upload', record }, ...more])) return record
  throw new TersorError('unavailable', 'another request changed the same records; send it again')
}

/** Room is counted as declared: what has not arrived yet may still come. */
async function pendingBytes({ records }: ServiceContext, tenant: string): Promise<number> {
  let sum = 0
  let last = ''
  for (;;) {
    const found = await records.list('upload', {
      where: { tenant, status: 'pending' },
      order: 'ascending',
      ...(last === '' ? {} : { greaterThan: last }),
      limit: BATCH,
    })
    for (const { record } of found) sum += record.size_bytes
    if (found.length < BATCH) return sum
    last = found.at(-1)!.record.id
  }
}
