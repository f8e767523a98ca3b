// The standard form (opset 21): a constant of 4 or 8 bits, DequantizeLinear with a scale per block of the contracted axis, the operator as it
// was. ONNX Runtime fuses it into MatMulNBits when it loads the model; others unfold it.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { DataType } from '#src/onnx/ir/data-type'
import type { Value } from '#src/onnx/ir/value'
import { packElements } from '#src/onnx/sub-byte'
import { middleCode } from './block-fit.ts'
import type { PackedWeight } from './packed-weight.ts'
import { codeAt } from './packed-weight.ts'
import type { WeightEmitter } from './weight-emitter.ts'
import type { WeightSite } from './weight-sites.ts'

export interface QdqConstants {
  readonly packed: PackedWeight
  /** [columns, rows]: the contracted axis first, as the runtime's fusion wants it. */
  readonly codes: Value
  /** [blocks, rows]. */
  readonly scales: Value
  /** `null`: 0. */
  readonly zeros: Value | null
}

export type BlockDtype = Extract<DataType, 'int4' | 'uint4' | 'int8'>

export function qdqConstants(
  packed: PackedWeight,
  dtype: BlockDtype,
  emitter: WeightEmitter,
): QdqConstants {
  const { rows, columns, blocks, scales, zeros, settings } = packed
  const shift = dtype === 'uint4' ? 0 : middleCode(settings)
  const codes = new Int8Array(columns * rows)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      codes[column * rows + row] = codeAt(packed, row, column) - shift
    }
  }
  const points = new Int8Array(blocks * rows)
  const turned = new Float32Array(blocks * rows)
  for (let row = 0; row < rows; row += 1) {
    for (let block = 0; block < blocks; block += 1) {
      const [from, to] = [row * blocks + block, block * rows + row]
      points[to] = (zeros[from] ?? 0) - shift
      turned[to] = scales[from] ?? 0
    }
  }
  const isPlain = settings.symmetric && dtype !== 'uint4'
  const stored = (values: Int8Array) => (dtype === 'int8' ? values : packElements(values, 4))
  return {
    packed,
    codes: emitter.constant('w_q', dtype, [columns, rows], stored(codes)),
    scales: emitter.constant('s_q', 'float32', [blocks, rows], turned),
    zeros: isPlain ? null : emitter.constant('z_q', dtype, [blocks, rows], stored(points)),
  }
}

/** Makes the node read its weight through DequantizeLinear. */
export function emitBlockedQdq(
  { node, stored }: WeightSite,
  { packed, codes, scales, zeros }: QdqConstants,
  emitter: WeightEmitter,
): void {
  const inputs = zeros === null ? [codes, scales] : [codes, scales, zeros]
  const weight = emitter.insert(node, 'DequantizeLinear', inputs, [
    intAttribute('axis', 0),
    intAttribute('block_size', packed.settings.blockSize),
  ])
  node.setInput(stored.input, weight)
  node.attributes.delete('transB')
}
