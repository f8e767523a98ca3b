// Parts that clients write to the object store by presigned URLs: `<upload>/<number>` there, no record here.

import { TersorError } from '#src/domain/errors'
import type { UploadRecord } from '#src/domain/records'
import type { DirectAccess } from '#src/ports/blob-store'
import type { ServiceContext } from '../service-context.ts'
import { partBytes, partCount } from './part-layout.ts'
import type { PartsPlace, ReceivedPart } from './received-parts.ts'

const URL_SECONDS = 15 * 60
/** URLs of one answer: each costs a signature. */
const MOST_URLS = 1000
const DELETED_AT_ONCE = 16

export interface PartTarget {
  readonly url: string
  /** RFC 3339 UTC. */
  readonly expiresAt: string
}

const nameOf = (upload: UploadRecord, partNumber: number): string => `${upload.id}/${partNumber}`

/** The first of these parts, as many as one answer has URLs. */
export async function presignParts(
  context: ServiceContext,
  upload: UploadRecord,
  wanted: readonly number[],
): Promise<ReadonlyMap<number, PartTarget>> {
  const direct = accessOf(context)
  const expiresAt = new Date(context.clock.now() + URL_SECONDS * 1000).toISOString()
  const targets = wanted.slice(0, MOST_URLS).map(async (partNumber) => {
    const bytes = partBytes(upload, partNumber)
    const url = await direct.writeUrl(nameOf(upload, partNumber), { seconds: URL_SECONDS, bytes })
    return [partNumber, { url, expiresAt }] as const
  })
  return new Map(await Promise.all(targets))
}

export function directParts(context: ServiceContext): PartsPlace {
  const direct = accessOf(context)
  return {
    async list(upload) {
      const found: ReceivedPart[] = []
      const count = partCount(upload)
      for await (const { part, size } of direct.parts(`${upload.id}/`)) {
        const partNumber = Number(part.slice(upload.id.length + 1))
        if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > count) continue
        found.push({ partNumber, size, sha256: null })
      }
      return found.sort((a, b) => a.partNumber - b.partNumber)
    },
    async read(upload, { partNumber }) {
      return await direct.readPart(nameOf(upload, partNumber))
    },
    // The store's own list is the truth, and has taken it off already.
    async forget() {},
    async drop(upload) {
      let batch: Promise<void>[] = []
      for await (const { part } of direct.parts(`${upload.id}/`)) {
        batch.push(direct.deletePart(part))
        if (batch.length < DELETED_AT_ONCE) continue
        await Promise.all(batch)
        batch = []
      }
      await Promise.all(batch)
    },
  }
}

/** An upload that began on a store with direct access cannot go on without it. */
function accessOf({ blobs }: ServiceContext): DirectAccess {
  if (blobs.direct !== 'none') return blobs.direct
  throw new TersorError('unavailable', 'the object store that has the parts is not in use now')
}
