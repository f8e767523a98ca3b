// Where the parts of an upload are: those that came through the API, and those that clients wrote to the object store.

import type { Readable } from 'node:stream'
import { TersorError } from '#src/domain/errors'
import type { UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '../service-context.ts'
import { dropApiParts, forgetApiPart, listApiParts } from './api-parts.ts'
import { directPartName, dropDirectParts, listDirectParts } from './direct-parts.ts'

export interface ReceivedPart {
  readonly partNumber: number
  readonly size: number
  /** `null` where the object store took it: it is hashed as part of the whole. */
  readonly sha256: string | null
}

/** In ascending order. A part that came both ways is the one that came through the API. */
export async function listParts(
  context: ServiceContext,
  upload: UploadRecord,
): Promise<readonly ReceivedPart[]> {
  const found = new Map<number, ReceivedPart>()
  for (const part of await listDirectParts(context, upload)) found.set(part.partNumber, part)
  for (const part of await listApiParts(context, upload)) found.set(part.partNumber, part)
  return [...found.values()].sort((a, b) => a.partNumber - b.partNumber)
}

/** Throws TersorError `not_found`. */
export async function readPart(
  { blobs }: ServiceContext,
  upload: UploadRecord,
  { partNumber, sha256 }: ReceivedPart,
): Promise<Readable> {
  if (sha256 !== null) return await blobs.read(sha256)
  if (blobs.direct !== 'none') {
    return await blobs.direct.readPart(directPartName(upload, partNumber))
  }
  throw new TersorError('not_found', 'the object store that has the part is not in use')
}

/** Takes a part that cannot be read off the list; the object store's own list has it off already. */
export async function forgetPart(
  context: ServiceContext,
  upload: UploadRecord,
  part: ReceivedPart,
): Promise<void> {
  if (part.sha256 !== null) await forgetApiPart(context, upload, part.partNumber, part.sha256)
}

export async function dropAllParts(context: ServiceContext, upload: UploadRecord): Promise<void> {
  await dropApiParts(context, upload)
  await dropDirectParts(context, upload)
}
