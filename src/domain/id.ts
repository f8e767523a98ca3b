// Opaque prefixed ids that sort by time: 48 bits of milliseconds and 80 random bits in Crockford base 32, as in the ULID specification.

import { randomBytes } from 'node:crypto'

export const ID_PREFIXES = [
  'model',
  'dataset',
  'upload',
  'job',
  'artifact',
  'checkpoint',
  'webhook',
  'delivery',
  'event',
  'key',
  'request',
  'api',
  'worker',
] as const

export type IdPrefix = (typeof ID_PREFIXES)[number]

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LAST = { millisecond: 0, counter: 0n }
const RANDOM_BITS = 80n

/** A clock that went back by more than this was put right: what it said before counts no more. */
const CORRECTION_MS = 10_000

/** A new id. Within one process, later ids sort after earlier ones. */
export function newId(prefix: IdPrefix, now: number = Date.now()): string {
  if (now > LAST.millisecond || now < LAST.millisecond - CORRECTION_MS) {
    LAST.millisecond = now
    LAST.counter = BigInt(`0x${randomBytes(10).toString('hex')}`) >> 1n
  } else {
    LAST.counter += 1n
  }
  return writeId(prefix, (BigInt(LAST.millisecond) << RANDOM_BITS) | LAST.counter)
}

/** Sorts before every id made at this time or later. */
export function firstIdAt(prefix: IdPrefix, milliseconds: number): string {
  return writeId(prefix, BigInt(Math.max(0, Math.trunc(milliseconds))) << RANDOM_BITS)
}

function writeId(prefix: IdPrefix, value: bigint): string {
  let bits = value
  let text = ''
  for (let index = 0; index < 26; index += 1) {
    text = ALPHABET[Number(bits & 31n)] + text
    bits >>= 5n
  }
  return `${prefix}_${text}`
}

const ID = /^[a-z]+_[0-9a-hjkmnp-tv-z]{26}$/

/** Whether the text has the form of an id of this kind; says nothing about existence. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && ID.test(text)
}
