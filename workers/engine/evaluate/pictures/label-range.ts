// Greatest minus least value of the labels, as the data have it: 255 for bytes, else what is found in one pass.

import type { Samples } from '../judge.ts'
import { numbersOf } from '../tensor-data.ts'

const BATCH = 16

/** 1 for labels that are all equal. */
export async function labelRange(samples: Samples, labels: string, limit: number): Promise<number> {
  const count = Math.min(samples.count, limit)
  let least = Infinity
  let greatest = -Infinity
  for (let start = 0; start < count; start += BATCH) {
    const field = (await samples.batch(start, Math.min(count, start + BATCH)))[labels]
    if (field === undefined) return 1
    if (field.dtype === 'uint8') return 255
    const numbers = numbersOf(field)
    for (let index = 0; index < numbers.length; index += 1) {
      const value = numbers[index]!
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
  }
  return greatest > least ? greatest - least : 1
}
