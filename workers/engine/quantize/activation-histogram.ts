// How often an activation takes which value, counted by float16 bit pattern: 1024 bins per power of two, so that neither outliers
// nor small values lose resolution. Memory is the same for any number of samples; histograms add up in any order.

import type { Range } from './quantize-result.ts'

/** Ascending values and how often each was seen. */
export interface HistogramBins {
  readonly values: Float64Array
  readonly counts: Float64Array
}

const CODES = 65536
const NEGATIVE = 0x8000
const INFINITE = 0x7c00

/** Codes that the tables hold without running over. */
const MOST_COUNTED = 2 ** 32 - 1

export class ActivationHistogram {
  /**
   * Of codes of one weight, every other one in the second: the same code twice in a row, as zeros behind a Relu are, need not wait for
   * its own sum. Untouched pages, one per power of two, take no memory.
   */
  readonly #tables = [new Uint32Array(CODES), new Uint32Array(CODES)] as const
  #weight = 1
  #counted = 0
  /** What the tables held before; `null` when that was nothing. */
  #sums: Float64Array | null = null
  readonly #unit: number
  #low = Infinity
  #high = -Infinity

  /** `unit`: the real value that the codes call 1. */
  constructor(unit = 1) {
    this.#unit = unit
  }

  /** Smallest and largest value, exactly: codes are rounded. */
  extend({ low, high }: Range): void {
    this.#low = Math.min(this.#low, low)
    this.#high = Math.max(this.#high, high)
  }

  /** `weight`: how many elements each code stands for. */
  count(codes: Uint16Array, weight = 1): void {
    if (weight !== this.#weight || this.#counted + codes.length > MOST_COUNTED) this.#sum()
    this.#weight = weight
    this.#counted += codes.length
    const [even, odd] = this.#tables
    const last = codes.length - 1
    for (let index = 0; index < last; index += 2) {
      const [one, other] = [codes[index] ?? 0, codes[index + 1] ?? 0]
      even[one] = (even[one] ?? 0) + 1
      odd[other] = (odd[other] ?? 0) + 1
    }
    if (codes.length % 2 === 1) {
      const code = codes[last] ?? 0
      even[code] = (even[code] ?? 0) + 1
    }
  }

  merge(other: ActivationHistogram): void {
    if (other.#unit !== this.#unit) throw new Error('histograms of different units do not add up')
    this.extend(other.range)
    const sums = this.#sum()
    other.#sum().forEach((count, code) => {
      if (count > 0) sums[code] = (sums[code] ?? 0) + count
    })
  }

  /** Counts so far; the tables begin anew. */
  #sum(): Float64Array {
    const sums = this.#sums ?? new Float64Array(CODES)
    this.#sums = sums
    const [even, odd] = this.#tables
    if (this.#counted > 0) {
      for (let code = 0; code < CODES; code += 1) {
        const count = (even[code] ?? 0) + (odd[code] ?? 0)
        if (count === 0) continue
        sums[code] = (sums[code] ?? 0) + count * this.#weight
        even[code] = 0
        odd[code] = 0
      }
    }
    this.#counted = 0
    return sums
  }

  get range(): Range {
    return { low: this.#low, high: this.#high }
  }

  bins(): HistogramBins {
    const counts = this.#sum()
    const codes: number[] = []
    for (let code = INFINITE; code >= 0; code -= 1) {
      if ((counts[NEGATIVE | code] ?? 0) > 0) codes.push(NEGATIVE | code)
    }
    for (let code = 0; code <= INFINITE; code += 1) {
      if ((counts[code] ?? 0) > 0) codes.push(code)
    }
    const values = Float64Array.from(codes, (code) => {
      return Math.max(this.#low, Math.min(this.#high, halfValue(code) * this.#unit))
    })
    return { values, counts: Float64Array.from(codes, (code) => counts[code] ?? 0) }
  }
}

/** What a float16 bit pattern stands for. */
function halfValue(code: number): number {
  const sign = code >= NEGATIVE ? -1 : 1
  const exponent = (code >> 10) & 31
  const mantissa = code & 1023
  if (exponent === 31) return sign * Infinity
  if (exponent === 0) return sign * mantissa * 2 ** -24
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15)
}
