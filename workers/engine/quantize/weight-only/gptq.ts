// GPTQ (Frantar et al. 2022): input channels are quantized one after the other, and what each errs is taken out of those that come
// after it, by the inverse of H = 2·XᵀX. Scales that were found are kept: rounding again with fresh ones would undo it.

import type { BlockFit, BlockParameters, BlockSettings } from './block-fit.ts'
import { codeOf, largestCode } from './block-fit.ts'
import { inverseFactor } from './inverse-factor.ts'
import type { PackedWeight } from './packed-weight.ts'
import { WeightPacker } from './packed-weight.ts'

export interface GptqOptions {
  /** Share of the mean of H's diagonal that is added to it. */
  readonly damping: number
  /** Channels of the most energy first; scales are then those of the weights as they were. */
  readonly actOrder: boolean
}

/** Rows between two updates of all that follows. */
const LAZY_ROWS = 128
const DAMPING_GROWTH = 10
const MAX_DAMPING_TRIES = 8

/**
 * @param weight [columns, rows]: one row per input channel
 * @param gram XᵀX, [columns, columns]; any common factor changes nothing
 * @throws RangeError when XᵀX is not finite
 */
export function gptq(
  weight: Float32Array,
  gram: Float64Array,
  rows: number,
  settings: BlockSettings,
  fit: BlockFit,
  options: GptqOptions,
): PackedWeight {
  const columns = weight.length / rows
  return new GptqRun(weight, gram, rows, columns, settings, fit, options).run()
}

class GptqRun {
  readonly #original: Float32Array
  readonly #rest: Float32Array
  readonly #order: Uint32Array
  readonly #factor: Float64Array
  readonly #importance: Float32Array
  readonly #codes: Uint8Array
  readonly #scales: Float32Array
  readonly #zeros: Uint8Array
  readonly #rows: number
  readonly #columns: number
  readonly #settings: BlockSettings
  readonly #fit: BlockFit
  readonly #isOrdered: boolean

  constructor(
    weight: Float32Array,
    gram: Float64Array,
    rows: number,
    columns: number,
    settings: BlockSettings,
    fit: BlockFit,
    { damping, actOrder }: GptqOptions,
  ) {
    const diagonal = Float64Array.from({ length: columns }, (_, i) => gram[i * columns + i] ?? 0)
    const order = Uint32Array.from({ length: columns }, (_, i) => i)
    if (actOrder) order.sort((one, other) => (diagonal[other] ?? 0) - (diagonal[one] ?? 0))
    this.#original = weight
    // Inputs that are always 0 are free to be anything.
    this.#rest = weight.map((value, at) => (diagonal[Math.floor(at / rows)] === 0 ? 0 : value))
    this.#order = order
    this.#factor = dampedFactor(gram, diagonal, order, damping)
    this.#importance = Float32Array.from(diagonal)
    this.#codes = new Uint8Array(weight.length)
    const blocks = Math.ceil(columns / settings.blockSize)
    this.#scales = new Float32Array(rows * blocks)
    this.#zeros = new Uint8Array(rows * blocks)
    this.#rows = rows
    this.#columns = columns
    this.#settings = settings
    this.#fit = fit
    this.#isOrdered = actOrder
  }

  run(): PackedWeight {
    const { blockSize } = this.#settings
    const lazy = Math.max(LAZY_ROWS, blockSize)
    if (this.#isOrdered) {
      for (let first = 0; first < this.#columns; first += blockSize) this.#fitBlock(first)
    }
    const errors = new Float32Array(lazy * this.#rows)
    for (let start = 0; start < this.#columns; start += lazy) {
      const end = Math.min(this.#columns, start + lazy)
      for (let place = start; place < end; place += 1) {
        if (!this.#isOrdered && place % blockSize === 0) this.#fitBlock(place)
        this.#quantizeChannel(place, end, errors.subarray((place - start) * this.#rows))
      }
      for (let later = end; later < this.#columns; later += 1) {
        this.#takeOut(later, start, end, errors)
      }
    }
    return this.#packed()
  }

  /** Scales of all outputs for the channels from `first`, as they stand now. */
  #fitBlock(first: number): void {
    const { blockSize } = this.#settings
    const blocks = Math.ceil(this.#columns / blockSize)
    const end = Math.min(this.#columns, first + blockSize)
    const values = new Float32Array(end - first)
    const importance = this.#importance.subarray(first, end)
    const parameters: BlockParameters = { scale: 1, zero: 0 }
    for (let row = 0; row < this.#rows; row += 1) {
      for (let at = first; at < end; at += 1) {
        values[at - first] = this.#rest[at * this.#rows + row] ?? 0
      }
      this.#fit(values, importance, parameters)
      const place = row * blocks + Math.floor(first / blockSize)
      this.#scales[place] = parameters.scale
      this.#zeros[place] = parameters.zero
    }
  }

  /** Rounds one channel, and corrects those up to `end` for it: w_j −= U_ij · (w_i − ŵ_i) / U_ii. */
  #quantizeChannel(place: number, end: number, errors: Float32Array): void {
    const n = this.#columns
    const rows = this.#rows
    const channel = this.#order[place] ?? 0
    const blocks = Math.ceil(n / this.#settings.blockSize)
    const block = Math.floor(channel / this.#settings.blockSize)
    const largest = largestCode(this.#settings)
    const pivot = this.#factor[place * n + place] ?? 1
    for (let row = 0; row < rows; row += 1) {
      const scale = this.#scales[row * blocks + block] ?? 1
      const zero = this.#zeros[row * blocks + block] ?? 0
      const value = this.#rest[channel * rows + row] ?? 0
      const code = codeOf(value, 1 / scale, zero, largest)
      this.#codes[channel * rows + row] = code
      errors[row] = (value - scale * (code - zero)) / pivot
    }
    for (let later = place + 1; later < end; later += 1) {
      const share = this.#factor[place * n + later] ?? 0
      subtract(this.#rest, (this.#order[later] ?? 0) * rows, share, errors, 0, rows)
    }
  }

  #takeOut(later: number, start: number, end: number, errors: Float32Array): void {
    const rows = this.#rows
    const target = (this.#order[later] ?? 0) * rows
    for (let place = start; place < end; place += 1) {
      const share = this.#factor[place * this.#columns + later] ?? 0
      subtract(this.#rest, target, share, errors, (place - start) * rows, rows)
    }
  }

  #packed(): PackedWeight {
    const { blockSize } = this.#settings
    const blocks = Math.ceil(this.#columns / blockSize)
    const packer = new WeightPacker(this.#rows, this.#columns, this.#settings)
    const values = new Float32Array(blockSize)
    const codes = new Uint8Array(blockSize)
    for (let row = 0; row < this.#rows; row += 1) {
      for (let block = 0; block < blocks; block += 1) {
        const first = block * blockSize
        const count = Math.min(blockSize, this.#columns - first)
        for (let index = 0; index < count; index += 1) {
          const at = (first + index) * this.#rows + row
          values[index] = this.#original[at] ?? 0
          codes[index] = this.#codes[at] ?? 0
        }
        const place = row * blocks + block
        const parameters = { scale: this.#scales[place] ?? 1, zero: this.#zeros[place] ?? 0 }
        packer.addCodes(row, block, values.subarray(0, count), codes, parameters)
      }
    }
    return packer.end()
  }
}

function subtract(
  target: Float32Array,
  at: number,
  factor: number,
  source: Float32Array,
  from: number,
  count: number,
): void {
  for (let index = 0; index < count; index += 1) {
    target[at + index] = (target[at + index] ?? 0) - factor * (source[from + index] ?? 0)
  }
}

/** U of H with its rows and columns in `order`, damped as much as it takes to be positive definite. */
function dampedFactor(
  gram: Float64Array,
  diagonal: Float64Array,
  order: Uint32Array,
  damping: number,
): Float64Array {
  const n = diagonal.length
  const mean = diagonal.reduce((sum, value) => sum + value, 0) / n
  if (!Number.isFinite(mean)) throw new RangeError('the inputs of a layer are not finite')
  const hessian = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) {
    const from = (order[i] ?? 0) * n
    for (let j = 0; j < n; j += 1) hessian[i * n + j] = gram[from + (order[j] ?? 0)] ?? 0
    if (hessian[i * n + i] === 0) hessian[i * n + i] = mean > 0 ? mean : 1
  }
  let share = damping
  for (let tries = 0; tries < MAX_DAMPING_TRIES; tries += 1) {
    const damped = Float64Array.from(hessian)
    const added = share * (mean > 0 ? mean : 1)
    for (let i = 0; i < n; i += 1) damped[i * n + i] = (damped[i * n + i] ?? 0) + added
    const factor = inverseFactor(damped, n)
    if (factor !== null) return factor
    share = Math.max(share, 1e-4) * DAMPING_GROWTH
  }
  throw new RangeError('the inputs of a layer have no usable second moments')
}
