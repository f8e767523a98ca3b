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

export class ActivationHistogram {
  /** Untouched pages of it, one per power of two, take no memory. */
  readonly #counts = new Float64Array(CODES)
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
    const counts = this.#counts
    for (let index = 0; index < codes.length; index += 1) {
      const code = codes[index] ?? 0
      counts[code] = (counts[code] ?? 0) + weight
    }
  }

  merge(other: ActivationHistogram): void {
    if (other.#unit !== this.#unit) throw new Error('histograms of different units do not add up')
    this.extend(other.range)
    other.#counts.forEach((count, code) => {
      if (count > 0) this.#counts[code] = (this.#counts[code] ?? 0) + count
    })
  }

  get range(): Range {
    return { low: this.#low, high: this.#high }
  }

  bins(): HistogramBins {
    const codes: number[] = []
    for (let code = INFINITE; code >= 0; code -= 1) {
      if ((this.#counts[NEGATIVE | code] ?? 0) > 0) codes.push(NEGATIVE | code)
    }
    for (let code = 0; code <= INFINITE; code += 1) {
      if ((this.#counts[code] ?? 0) > 0) codes.push(code)
    }
    const values = Float64Array.from(codes, (code) => {
      return Math.max(this.#low, Math.min(this.#high, halfValue(code) * this.#unit))
    })
    return { values, counts: Float64Array.from(codes, (code) => this.#counts[code] ?? 0) }
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
