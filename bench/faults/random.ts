// Chance that can be repeated: xorshift32 (Marsaglia, Journal of Statistical Software 8(14), 2003).

export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number
  /** Uniform whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  pick<T>(from: readonly T[]): T
}

export function seededRandom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1
  const fraction = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
  const integer = (min: number, max: number): number =>
    min + Math.floor(fraction() * (max - min + 1))
  return { fraction, integer, pick: (from) => from[integer(0, from.length - 1)]! }
}
