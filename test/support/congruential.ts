// Numbers in [0, 1) that any language makes alike: x ← 1664525·x + 1013904223 mod 2³². Data of metrics whose values other programs told.

export interface Congruential {
  readonly next: () => number
  readonly take: (count: number) => number[]
}

export function congruential(seed: number): Congruential {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return { next, take: (count) => Array.from({ length: count }, next) }
}
