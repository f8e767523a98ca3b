// The order in which an epoch goes through the samples, from a seed: the same in every run, and in one that goes on later.

/** mulberry32: uniform in [0, 1). */
export function uniform(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One seed of a seed and a number, such as that of an epoch. */
export function derivedSeed(seed: number, index: number): number {
  return (Math.imul(seed ^ 0x9e_37_79_b9, 0x85_eb_ca_6b) + Math.imul(index + 1, 0xc2_b2_ae_35)) | 0
}

/** How samples are read: in chunks, of which some are in memory at a time. */
export interface ChunkPlan {
  readonly chunk: number
  /** Chunks in memory. */
  readonly resident: number
}

/**
 * All of `count` samples, shuffled: chunks among each other, then the samples of as many chunks as are in memory. Where all
 * are, every order is as likely as any other.
 */
export function sampleOrder(
  count: number,
  { chunk, resident }: ChunkPlan,
  seed: number,
  epoch: number,
): Uint32Array {
  const next = uniform(derivedSeed(seed, epoch))
  const chunks = shuffled([...Array(Math.ceil(count / chunk)).keys()], next)
  const order = new Uint32Array(count)
  let filled = 0
  for (let first = 0; first < chunks.length; first += resident) {
    const group = chunks.slice(first, first + resident).flatMap((index) => {
      const start = index * chunk
      return Array.from({ length: Math.min(chunk, count - start) }, (_, offset) => start + offset)
    })
    order.set(shuffled(group, next), filled)
    filled += group.length
  }
  return order
}

function shuffled(items: number[], next: () => number): number[] {
  for (let index = items.length - 1; index > 0; index -= 1) {
    const other = Math.floor(next() * (index + 1))
    const kept = items[index] ?? 0
    items[index] = items[other] ?? 0
    items[other] = kept
  }
  return items
}
