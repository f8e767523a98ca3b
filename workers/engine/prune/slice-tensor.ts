// A constant with only some indices of each axis.

import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Tensor } from '#src/onnx/ir/tensor'
import { rawTensor } from '#src/onnx/ir/tensor'
import { makeTensor } from '#src/onnx/make-tensor'
import { bigintValues, tensorBytes } from '#src/onnx/tensor-values'

/** @param kept positions by axis, ascending; `all` leaves the axis as it is */
export function sliceTensor(tensor: Tensor, kept: readonly (readonly number[] | 'all')[]): Tensor {
  const { bits } = DATA_TYPES[tensor.dtype]
  if (bits === 'none') throw new Error(`'${tensor.name}' holds strings`)
  if (bits < 8) return slicePacked(tensor, kept)
  let bytes = tensorBytes(tensor)
  const dims = [...tensor.dims]
  for (const [axis, positions] of kept.entries()) {
    if (positions === 'all') continue
    const block = dims.slice(axis + 1).reduce((size, dim) => size * dim, bits / 8)
    bytes = sliceBytes(bytes, dims[axis] ?? 0, block, positions)
    dims[axis] = positions.length
  }
  return rawTensor(tensor.name, tensor.dtype, dims, bytes)
}

/** Bytes seen as [outer, size, block], of which some of the middle are kept. */
function sliceBytes(
  bytes: Uint8Array,
  size: number,
  block: number,
  positions: readonly number[],
): Uint8Array {
  const outer = bytes.byteLength / (size * block)
  const sliced = new Uint8Array(outer * positions.length * block)
  let to = 0
  for (let row = 0; row < outer; row += 1) {
    const base = row * size * block
    for (let index = 0; index < positions.length;) {
      const first = positions[index] ?? 0
      let run = 1
      while (positions[index + run] === first + run) run += 1
      const from = base + first * block
      sliced.set(bytes.subarray(from, from + run * block), to)
      to += run * block
      index += run
    }
  }
  return sliced
}

/** Several elements to a byte: element by element. */
function slicePacked(tensor: Tensor, kept: readonly (readonly number[] | 'all')[]): Tensor {
  const values = bigintValues(tensor)
  const axes = tensor.dims.map((size, axis) => {
    const positions = kept[axis] ?? 'all'
    return positions === 'all' ? Array.from({ length: size }, (_, index) => index) : positions
  })
  let offsets = [0]
  for (const [axis, positions] of axes.entries()) {
    const size = tensor.dims[axis] ?? 1
    offsets = offsets.flatMap((offset) => positions.map((position) => offset * size + position))
  }
  const sliced = offsets.map((offset) => values[offset] ?? 0n)
  const dims = axes.map((positions) => positions.length)
  return makeTensor(tensor.name, tensor.dtype, dims, sliced)
}
