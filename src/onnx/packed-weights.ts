// Weights that operators of com.microsoft keep packed into bytes in a layout of their own.

import type { Node } from './ir/node.ts'
import type { Tensor } from './ir/tensor.ts'
import type { WeightCounts } from './count-weights.ts'
import { operatorKey } from './operators/constant-roles.ts'
import { elements } from './tensor-values.ts'
import { heldTensor } from './weight-tensors.ts'

/** Counts of a packed weight, or `null` when the node does not pack its weights. */
export function packedWeights(node: Node, tensor: Tensor): WeightCounts | null {
  const parameters = node.int('K', 0) * node.int('N', 0)
  switch (operatorKey(node)) {
    case 'com.microsoft.MatMulBnb4':
      // No code of its tables is counted as 0.
      return { parameters, nonzero: parameters }
    case 'com.microsoft.MatMulNBits':
      return { parameters, nonzero: parameters - productZeros(node, tensor) }
    case 'com.microsoft.GatherBlockQuantized':
      return packedTable(node, tensor)
    default:
      return null
  }
}

/**
 * MatMulNBits keeps B as [N, ⌈K / block⌉, block · bits / 8] bytes, low bits first, each block with a zero point, packed
 * likewise (2^(bits−1) without). 0 where the zero points are not integers or not known.
 */
function productZeros(node: Node, tensor: Tensor): number {
  const bits = node.int('bits', 4)
  const block = node.int('block_size', 32)
  return blockZeros(node, tensor, {
    bits,
    block,
    rows: node.int('K', 0),
    columns: node.int('N', 0),
  })
}

/** A table of bytes that hold several codes each has fewer elements than weights; its rows lie as those of MatMulNBits. */
function packedTable(node: Node, tensor: Tensor): WeightCounts | null {
  const bits = node.int('bits', 4)
  const [columns = 0, width = 0] = tensor.dims
  const isPlain = tensor.dims.length === 2 && node.int('quantize_axis', 1) === 1
  if (tensor.dtype !== 'uint8' || !isPlain) return null
  const rows = (width * 8) / bits
  const layout = { bits, block: node.int('block_size', 128), rows, columns }
  return { parameters: rows * columns, nonzero: rows * columns - blockZeros(node, tensor, layout) }
}

interface BlockLayout {
  readonly bits: number
  readonly block: number
  /** Weights of a column. */
  readonly rows: number
  readonly columns: number
}

function blockZeros(
  node: Node,
  tensor: Tensor,
  { bits, block, rows, columns }: BlockLayout,
): number {
  const blocks = Math.ceil(rows / block)
  const pointValue = node.input(3)
  const held = pointValue === null ? null : heldTensor(pointValue)
  const isGiven = pointValue !== null
  if (tensor.dtype !== 'uint8' || ![2, 4, 8].includes(bits)) return 0
  if (isGiven && (held?.kind !== 'tensor' || held.dtype !== 'uint8')) return 0
  const bytes = elements(tensor)
  const points = held?.kind === 'tensor' ? elements(held) : null
  const pointBytes = Math.ceil((blocks * bits) / 8)
  const perByte = 8 / bits
  const mask = (1 << bits) - 1
  const at = (array: typeof bytes, first: number, index: number): number => {
    const byte = Number(array[first + Math.floor(index / perByte)] ?? 0)
    return (byte >> ((index % perByte) * bits)) & mask
  }
  let zeros = 0
  for (let column = 0; column < columns; column += 1) {
    for (let row = 0; row < rows; row += 1) {
      const inBlock = Math.floor(row / block)
      const point = points === null ? 1 << (bits - 1) : at(points, column * pointBytes, inBlock)
      const first = ((column * blocks + inBlock) * block) / perByte
      if (at(bytes, first, row % block) === point) zeros += 1
    }
  }
  return zeros
}
