// Where the parts of an upload are, whichever way they came.

import type { Readable } from 'node:stream'
import type { UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '../service-context.ts'
import { apiParts } from './api-parts.ts'
import { directParts } from './direct-parts.ts'

export interface ReceivedPart {
  readonly partNumber: number
  readonly size: number
  /** `null` where the object store took it: it is hashed as part of the whole. */
  readonly sha256: string | null
}

export interface PartsPlace {
  /** In ascending order. */
  list(upload: UploadRecord): Promise<readonly ReceivedPart[]>
  /** Throws TersorError `not_found`. */
  read(upload: UploadRecord, part: ReceivedPart): Promise<Readable>
  /** Takes a part that cannot be read off the list. */
  forget(upload: UploadRecord, part: ReceivedPart): Promise<void>
  /** Drops all parts. */
  drop(upload: UploadRecord): Promise<void>
}

export function partsPlace(context: ServiceContext, upload: UploadRecord): PartsPlace {
  return upload.transport === 'direct' ? directParts(context) : apiParts(context)
}
