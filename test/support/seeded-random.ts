// Numbers in [0, 1) from a seed, for faults that must come again.

import { xorshift32 } from './byte-streams.ts'

/** The first numbers of a small seed are small. */
const WARM_UP = 20

export function seededRandom(seed: number): () => number {
  const next = xorshift32(seed)
  for (let count = 0; count < WARM_UP; count += 1) next()
  return () => next() / 2 ** 32
}
