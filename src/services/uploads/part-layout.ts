// How a file is cut into parts: all of one size but the last, at most 10 000 of them.

import type { UploadRecord } from '#src/domain/records'

const MIB = 2 ** 20
/** Object stores take parts from 5 MiB on. */
const SMALLEST_PART_BYTES = 8 * MIB
const MOST_PARTS = 10_000

type Cut = Pick<UploadRecord, 'size_bytes' | 'part_size_bytes'>

/** Whole MiB, 8 at least: max(8, ⌈size ÷ 10 000⌉). */
export function partSizeFor(size: number): number {
  return Math.max(SMALLEST_PART_BYTES, Math.ceil(size / MOST_PARTS / MIB) * MIB)
}

export function partCount({ size_bytes: size, part_size_bytes: part }: Cut): number {
  return Math.ceil(size / part)
}

/** Bytes of the part with this number, which counts from 1. */
export function partBytes(cut: Cut, partNumber: number): number {
  const before = (partNumber - 1) * cut.part_size_bytes
  return Math.min(cut.part_size_bytes, cut.size_bytes - before)
}

/** Sorted numbers in words: `1, 3 to 7, 9`. */
export function numbersInWords(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = []
  for (const number of numbers) {
    const run = runs.at(-1)
    if (run?.last === number - 1) run.last = number
    else runs.push({ first: number, last: number })
  }
  const words = runs.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`))
  const shown = words.slice(0, MOST_RUNS).join(', ')
  return words.length > MOST_RUNS ? `${shown} and more` : shown
}

const MOST_RUNS = 20
