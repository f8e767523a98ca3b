// Whether the parts that arrived are those the upload declares.

import type { FieldError } from '#src/domain/errors'
import { TersorError } from '#src/domain/errors'
import type { UploadRecord } from '#src/domain/records'
import { numbersInWords, partBytes, partCount } from './part-layout.ts'
import type { ReceivedPart } from './received-parts.ts'

/** What the client says it sent. */
export interface ClaimedPart {
  readonly partNumber: number
  readonly sha256: string | null
}

const MOST_ERRORS = 100

/** @throws TersorError parts_missing, part_mismatch */
export function checkParts(
  upload: UploadRecord,
  received: readonly ReceivedPart[],
  claimed: readonly ClaimedPart[] | null,
): void {
  const arrived = new Set(received.map(({ partNumber }) => partNumber))
  const numbers = Array.from({ length: partCount(upload) }, (_, index) => index + 1)
  const missing = numbers.filter((number) => !arrived.has(number))
  if (missing.length > 0) throw partsAreMissing(missing)
  const faults = received.flatMap(({ partNumber, size }) => {
    const expected = partBytes(upload, partNumber)
    return size === expected
      ? []
      : [mismatch(partNumber, `part ${partNumber} has ${expected} bytes, but ${size} arrived`)]
  })
  const all = [...faults, ...(claimed === null ? [] : checkClaims(received, claimed))]
  const [first] = all
  if (first === undefined) return
  const more = all.length === 1 ? '' : ` (and ${all.length - 1} more)`
  const errors = all.slice(0, MOST_ERRORS)
  throw new TersorError('part_mismatch', `${first.detail}${more}`, { errors })
}

export function partsAreMissing(missing: readonly number[]): TersorError {
  const errors = missing.slice(0, MOST_ERRORS).map((number): FieldError => {
    const detail = `part ${number} has not arrived`
    return { pointer: pointerOf(number), code: 'parts_missing', detail }
  })
  const words = missing.length === 1 ? 'part' : 'parts'
  return new TersorError('parts_missing', `missing: ${words} ${numbersInWords(missing)}`, {
    errors,
  })
}

/** The claims must name every part once, in order. */
function checkClaims(
  received: readonly ReceivedPart[],
  claimed: readonly ClaimedPart[],
): FieldError[] {
  if (claimed.length !== received.length) {
    const detail = `the upload has ${received.length} parts, but ${claimed.length} are named`
    return [{ pointer: '/parts', code: 'part_mismatch', detail }]
  }
  return claimed.flatMap(({ partNumber, sha256 }, index) => {
    const part = received[index]
    if (part === undefined || part.partNumber !== partNumber) {
      return [mismatch(index + 1, `part ${index + 1} is named as part ${partNumber}`)]
    }
    if (sha256 === null || part.sha256 === null || part.sha256 === sha256) return []
    return [mismatch(partNumber, `part ${partNumber} arrived with the SHA-256 ${part.sha256}`)]
  })
}

function mismatch(number: number, detail: string): FieldError {
  return { pointer: pointerOf(number), code: 'part_mismatch', detail }
}

/** Into `parts` of the upload, and of the request that completes it. */
function pointerOf(partNumber: number): string {
  return `/parts/${partNumber - 1}`
}
