// An upload becomes one blob: the parts are hashed while they are put together, and what the client promised must come out.
// A crash on the way loses nothing: the parts are dropped only after the record names the whole.

import { TersorError } from '#src/domain/errors'
import type { UploadRecord } from '#src/domain/records'
import type { Versioned } from '#src/ports/record-store'
import type { ServiceContext } from '../service-context.ts'
import type { ClaimedPart } from './check-parts.ts'
import { checkParts, partsAreMissing } from './check-parts.ts'
import { dropParts } from './drop-parts.ts'
import type { ReceivedPart } from './received-parts.ts'
import { forgetPart, listParts, readPart } from './received-parts.ts'
import { getLiveUpload, getPendingUpload } from './upload-state.ts'

/** Completions under way in this process: a second request for the same waits for the first. */
const underWay = new WeakMap<ServiceContext, Map<string, Promise<UploadRecord>>>()

/**
 * Completing again answers the same.
 * @param claimed what the client says it sent, in order; `null`: nothing
 * @throws TersorError not_found, upload_expired, upload_not_pending, parts_missing, part_mismatch, checksum_mismatch
 */
export async function completeUpload(
  context: ServiceContext,
  tenant: string,
  id: string,
  claimed: readonly ClaimedPart[] | null,
): Promise<UploadRecord> {
  const { record } = await getLiveUpload(context, tenant, id)
  if (record.status === 'completed') return record
  const running = underWay.get(context) ?? new Map<string, Promise<UploadRecord>>()
  underWay.set(context, running)
  const twin = running.get(id)
  if (twin !== undefined) return await twin
  const run = putTogether(context, tenant, id, claimed).finally(() => running.delete(id))
  running.set(id, run)
  return await run
}

async function putTogether(
  context: ServiceContext,
  tenant: string,
  id: string,
  claimed: readonly ClaimedPart[] | null,
): Promise<UploadRecord> {
  const { blobs, records, pins } = context
  const found = await getPendingUpload(context, tenant, id)
  const parts = await listParts(context, found.record)
  checkParts(found.record, parts, claimed)
  const { sha256, size_bytes: maxBytes } = found.record
  pins.pin(sha256)
  try {
    const whole = readAll(context, found.record, parts)
    await blobs.put(whole, { maxBytes, expectedSha256: sha256 })
    const completed = await commitCompleted(context, found)
    if (completed !== null) {
      await dropParts(context, completed)
      return completed
    }
  } catch (error) {
    const ended = await completedMeanwhile(context, tenant, id)
    if (ended !== null) return ended
    throw error
  } finally {
    pins.unpin(sha256)
    await pins.dropUnused(blobs, records, sha256)
  }
  const ended = await completedMeanwhile(context, tenant, id)
  if (ended !== null) return ended
  await getPendingUpload(context, tenant, id)
  throw new TersorError('unavailable', 'another request changed the upload; send it again')
}

/** `null` when the upload changed since it was read. */
async function commitCompleted(
  { clock, options, records }: ServiceContext,
  { record, version }: Versioned<UploadRecord>,
): Promise<UploadRecord | null> {
  const completed: UploadRecord = {
    ...record,
    status: 'completed',
    blob: record.sha256,
    expires_at: new Date(clock.now() + options.uploadMs).toISOString(),
  }
  const done = await records.commit([
    { op: 'update', collection: 'upload', record: completed, version },
  ])
  return done ? completed : null
}

/** What another process completed while this one read parts that it then dropped. */
async function completedMeanwhile(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<UploadRecord | null> {
  const { record } = await getLiveUpload(context, tenant, id)
  return record.status === 'completed' ? record : null
}

async function* readAll(
  context: ServiceContext,
  upload: UploadRecord,
  parts: readonly ReceivedPart[],
): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    const stream = await readPart(context, upload, part).catch(async (error: unknown) => {
      if (!(error instanceof TersorError) || error.code !== 'not_found') throw error
      await forgetPart(context, upload, part)
      throw partsAreMissing([part.partNumber])
    })
    yield* stream as AsyncIterable<Uint8Array>
  }
}
