// Block-quantized weights as the operators of com.microsoft keep them: for each row (output channel) its blocks one after the other,
// two codes of 4 bits in a byte, the first in the low half.

import type { BlockParameters, BlockSettings } from './block-fit.ts'
import { codeOf, largestCode, middleCode } from './block-fit.ts'

export interface PackedWeight {
  readonly settings: BlockSettings
  /** Output channels. */
  readonly rows: number
  /** Elements of a row: the contracted axis. */
  readonly columns: number
  /** Blocks of a row; the last one is filled up with zero points. */
  readonly blocks: number
  /** [rows, blocks, blockSize · bits / 8]. */
  readonly codes: Uint8Array
  /** [rows, blocks]. */
  readonly scales: Float32Array
  /** [rows, blocks], a byte each. */
  readonly zeros: Uint8Array
  /** ‖W − Ŵ‖² and ‖W‖². */
  readonly error: number
  readonly energy: number
}

/** Takes blocks in any order. */
export class WeightPacker {
  readonly #settings: BlockSettings
  readonly #rows: number
  readonly #columns: number
  readonly #blocks: number
  readonly #codes: Uint8Array
  readonly #scales: Float32Array
  readonly #zeros: Uint8Array
  readonly #blockCodes: Uint8Array
  #error = 0
  #energy = 0

  constructor(rows: number, columns: number, settings: BlockSettings) {
    this.#settings = settings
    this.#rows = rows
    this.#columns = columns
    this.#blocks = Math.ceil(columns / settings.blockSize)
    const bytes = (settings.blockSize * settings.bits) / 8
    this.#codes = new Uint8Array(rows * this.#blocks * bytes)
    this.#scales = new Float32Array(rows * this.#blocks)
    this.#zeros = new Uint8Array(rows * this.#blocks)
    this.#blockCodes = new Uint8Array(settings.blockSize)
  }

  /** Rounds the values of a block. */
  add(row: number, block: number, values: Float32Array, { scale, zero }: BlockParameters): void {
    const { bits, blockSize } = this.#settings
    const at = row * this.#blocks + block
    this.#scales[at] = scale
    this.#zeros[at] = zero
    if (bits === 4 && values.length === blockSize) {
      this.#addPairs((at * blockSize) / 2, values, scale, zero)
      return
    }
    const codes = this.#blockCodes.fill(zero)
    const largest = largestCode(this.#settings)
    const inverse = 1 / scale
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index] ?? 0
      const code = codeOf(value, inverse, zero, largest)
      codes[index] = code
      this.#error += (value - scale * (code - zero)) ** 2
      this.#energy += value * value
    }
    this.#put(at, codes)
  }

  /** A whole block of 4 bits: the usual case, two weights to a byte. */
  #addPairs(start: number, values: Float32Array, scale: number, zero: number): void {
    const codes = this.#codes
    const largest = largestCode(this.#settings)
    const inverse = 1 / scale
    let error = 0
    let energy = 0
    for (let index = 0, place = start; index < values.length; index += 2, place += 1) {
      const one = values[index] ?? 0
      const other = values[index + 1] ?? 0
      const low = codeOf(one, inverse, zero, largest)
      const high = codeOf(other, inverse, zero, largest)
      const first = one - scale * (low - zero)
      const second = other - scale * (high - zero)
      error += first * first + second * second
      energy += one * one + other * other
      codes[place] = low | (high << 4)
    }
    this.#error += error
    this.#energy += energy
  }

  /** Takes codes as they were found; `values` are what they stand for. */
  addCodes(
    row: number,
    block: number,
    values: Float32Array,
    codes: Uint8Array,
    { scale, zero }: BlockParameters,
  ): void {
    const own = this.#blockCodes.fill(zero)
    for (let index = 0; index < values.length; index += 1) {
      const [value, code] = [values[index] ?? 0, codes[index] ?? 0]
      own[index] = code
      this.#error += (value - scale * (code - zero)) ** 2
      this.#energy += value * value
    }
    const at = row * this.#blocks + block
    this.#scales[at] = scale
    this.#zeros[at] = zero
    this.#put(at, own)
  }

  #put(at: number, codes: Uint8Array): void {
    const { bits, blockSize } = this.#settings
    const all = this.#codes
    let place = (at * blockSize * bits) / 8
    if (bits === 8) {
      all.set(codes, place)
      return
    }
    for (let index = 0; index < blockSize; index += 2, place += 1) {
      all[place] = (codes[index] ?? 0) | ((codes[index + 1] ?? 0) << 4)
    }
  }

  end(): PackedWeight {
    return {
      settings: this.#settings,
      rows: this.#rows,
      columns: this.#columns,
      blocks: this.#blocks,
      codes: this.#codes,
      scales: this.#scales,
      zeros: this.#zeros,
      error: this.#error,
      energy: this.#energy,
    }
  }
}

/** The code of an element. */
export function codeAt(packed: PackedWeight, row: number, column: number): number {
  const { bits, blockSize } = packed.settings
  const place = row * packed.blocks * blockSize + column
  if (bits === 8) return packed.codes[place] ?? 0
  return ((packed.codes[place >> 1] ?? 0) >> ((place & 1) * 4)) & 15
}

/** What the integers stand for, as [rows, columns]. */
export function unpackedWeight(packed: PackedWeight): Float32Array {
  const { rows, columns, blocks, settings, scales, zeros } = packed
  const values = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at = row * blocks + Math.floor(column / settings.blockSize)
      const step = codeAt(packed, row, column) - (zeros[at] ?? middleCode(settings))
      values[row * columns + column] = (scales[at] ?? 0) * step
    }
  }
  return values
}
