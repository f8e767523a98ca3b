// Reproducible pseudo-random weights for models written as text.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'

/**
 * Floats uniform in [−scale, scale); integers uniform over the range of their type, 32 and 64 bits over that of 16.
 * The generator is the 32-bit "mulberry" mixer of T. Ettinger: a Weyl sequence through two multiply-xorshift rounds.
 */
export function randomValues(
  seed: number,
  scale: number,
  dtype: DataType,
  count: number,
): number[] {
  const next = uniform(seed)
  const { bits, family } = DATA_TYPES[dtype]
  if (family === 'float' || family === 'complex') {
    const length = family === 'complex' ? count * 2 : count
    return Array.from({ length }, () => (next() * 2 - 1) * scale)
  }
  const levels = family === 'boolean' ? 2 : 2 ** Math.min(Number(bits), 16)
  const lowest = family === 'signed' ? -levels / 2 : 0
  return Array.from({ length: count }, () => Math.floor(next() * levels) + lowest)
}

/** Numbers uniform in [0, 1). */
function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
