// A weight as a matrix of output channels × contracted axis, read block by block from wherever it lies: a weight of several hundred
// megabytes in a file is never in memory as a whole.

import type { ByteRange } from '#src/onnx/ir/byte-range'
import type { Tensor } from '#src/onnx/ir/tensor'
import { floatValues, tensorBytes } from '#src/onnx/tensor-values'
import { bufferRange } from '#src/onnx/ir/byte-range'

export interface WeightMatrix {
  /** float32. */
  readonly tensor: Tensor
  /** Output channels. */
  readonly rows: number
  /** The contracted axis. */
  readonly columns: number
  /** Whether the tensor is stored as [rows, columns], or the other way round. */
  readonly order: 'row-major' | 'column-major'
}

/** Memory that parts of weights are read into, one after the other. */
const SLAB_BYTES = 4 * 2 ** 20

/** `values` is valid during the call only. The last block of a row may be shorter. */
type BlockVisitor = (row: number, block: number, values: Float32Array) => void

export class WeightReader {
  #buffer = new Uint8Array(0)
  #block = new Float32Array(0)

  /** Every block once, in the order of the file. */
  visitBlocks(matrix: WeightMatrix, blockSize: number, visit: BlockVisitor): void {
    if (this.#block.length !== blockSize) this.#block = new Float32Array(blockSize)
    if (matrix.order === 'row-major') this.#visitRows(matrix, blockSize, visit)
    else this.#visitColumns(matrix, blockSize, visit)
  }

  #visitRows(
    { tensor, rows, columns }: WeightMatrix,
    blockSize: number,
    visit: BlockVisitor,
  ): void {
    const range = rangeOf(tensor)
    const perSlab = Math.max(1, Math.floor(SLAB_BYTES / (columns * 4)))
    for (let start = 0; start < rows; start += perSlab) {
      const count = Math.min(perSlab, rows - start)
      const slab = this.#read(range, start * columns, count * columns)
      for (let row = 0; row < count; row += 1) {
        for (let first = 0, block = 0; first < columns; first += blockSize, block += 1) {
          const end = Math.min(columns, first + blockSize)
          visit(start + row, block, slab.subarray(row * columns + first, row * columns + end))
        }
      }
    }
  }

  /** Slabs are whole blocks high; a block is gathered from its column. */
  #visitColumns(
    { tensor, rows, columns }: WeightMatrix,
    blockSize: number,
    visit: BlockVisitor,
  ): void {
    const range = rangeOf(tensor)
    for (let first = 0, block = 0; first < columns; first += blockSize, block += 1) {
      const height = Math.min(blockSize, columns - first)
      const slab = this.#read(range, first * rows, height * rows)
      const values = this.#block.subarray(0, height)
      for (let row = 0; row < rows; row += 1) {
        for (let index = 0, at = row; index < height; index += 1, at += rows) {
          values[index] = slab[at] ?? 0
        }
        visit(row, block, values)
      }
    }
  }

  /** `count` float32 elements from `start`. */
  #read(range: ByteRange, start: number, count: number): Float32Array {
    const length = count * 4
    if (range.readInto === undefined) {
      const bytes = range.slice(start * 4, length).bytes()
      const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
      return new Float32Array(aligned.buffer as ArrayBuffer, aligned.byteOffset, count)
    }
    if (this.#buffer.byteLength < length) this.#buffer = new Uint8Array(length)
    range.readInto(this.#buffer.subarray(0, length), start * 4)
    return new Float32Array(this.#buffer.buffer, 0, count)
  }
}

/** The matrix in memory, as [columns, rows]: one row of it holds an input channel for all outputs. */
export function inputMajor({ tensor, rows, columns, order }: WeightMatrix): Float32Array {
  const values = floatValues(tensor)
  if (order === 'column-major') return Float32Array.from(values)
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = values[row * columns + column] ?? 0
    }
  }
  return turned
}

function rangeOf(tensor: Tensor): ByteRange {
  const { storage } = tensor
  if (storage.kind === 'raw') return storage.range
  if (storage.kind === 'external' && storage.range !== 'none') return storage.range
  return bufferRange(tensorBytes(tensor))
}
