// Parts that clients write to the object store by presigned URLs: `<upload>/<number>` there, no record here.

import { setImmediate } from 'node:timers/promises'
import type { UploadRecord } from '#src/domain/records'
import type { DirectAccess } from '#src/ports/blob-store'
import type { ServiceContext } from '../service-context.ts'
import { partBytes, partCount } from './part-layout.ts'
import type { ReceivedPart } from './received-parts.ts'

const URL_SECONDS = 15 * 60
/** URLs of one answer: each costs a signature, some 0.5 ms during which nothing else is answered. */
const MOST_URLS = 100
const SIGNED_AT_ONCE = 10
const DELETED_AT_ONCE = 16

export interface PartTarget {
  readonly url: string
  /** RFC 3339 UTC. */
  readonly expiresAt: string
}

export function directPartName(upload: UploadRecord, partNumber: number): string {
  return `${upload.id}/${partNumber}`
}

/** URLs for the first of these parts, as many as one answer has. */
export async function presignParts(
  direct: DirectAccess,
  { clock }: ServiceContext,
  upload: UploadRecord,
  wanted: readonly number[],
): Promise<ReadonlyMap<number, PartTarget>> {
  const expiresAt = new Date(clock.now() + URL_SECONDS * 1000).toISOString()
  const targets = new Map<number, PartTarget>()
  for (const [index, partNumber] of wanted.slice(0, MOST_URLS).entries()) {
    if (index % SIGNED_AT_ONCE === 0) await setImmediate()
    const options = { seconds: URL_SECONDS, bytes: partBytes(upload, partNumber) }
    const url = await direct.writeUrl(directPartName(upload, partNumber), options)
    targets.set(partNumber, { url, expiresAt })
  }
  return targets
}

export async function listDirectParts(
  { blobs }: ServiceContext,
  upload: UploadRecord,
): Promise<readonly ReceivedPart[]> {
  if (blobs.direct === 'none') return []
  const found: ReceivedPart[] = []
  const count = partCount(upload)
  for await (const { part, size } of blobs.direct.parts(`${upload.id}/`)) {
    const partNumber = Number(part.slice(upload.id.length + 1))
    const known = Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= count
    if (known) found.push({ partNumber, size, sha256: null })
  }
  return found
}

export async function dropDirectParts(
  { blobs }: ServiceContext,
  upload: UploadRecord,
): Promise<void> {
  const { direct } = blobs
  if (direct === 'none') return
  let batch: Promise<void>[] = []
  for await (const { part } of direct.parts(`${upload.id}/`)) {
    batch.push(direct.deletePart(part))
    if (batch.length < DELETED_AT_ONCE) continue
    await Promise.all(batch)
    batch = []
  }
  await Promise.all(batch)
}
