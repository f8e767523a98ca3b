// com.microsoft.MatMulNBits: the runtime's product with block-quantized weights, for MatMul and Gemm.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { packElements } from '#src/onnx/sub-byte'
import { floatValues } from '#src/onnx/tensor-values'
import { labelOf } from '../../rewrite/pass.ts'
import { bypass } from '../../rewrite/sole-consumer.ts'
import type { PackedWeight } from './packed-weight.ts'
import type { WeightEmitter } from './weight-emitter.ts'
import type { WeightSite } from './weight-sites.ts'

export interface NBitsConstants {
  readonly packed: PackedWeight
  readonly codes: Value
  readonly scales: Value
  /** `null`: the middle code. */
  readonly zeros: Value | null
}

/** The constants, which several nodes may share. */
export function nBitsConstants(packed: PackedWeight, emitter: WeightEmitter): NBitsConstants {
  const { settings, rows, blocks, codes, scales } = packed
  const bytes = (settings.blockSize * settings.bits) / 8
  return {
    packed,
    codes: emitter.constant('w_n', 'uint8', [rows, blocks, bytes], codes),
    scales: emitter.constant('s_n', 'float32', [rows, blocks], scales),
    zeros: settings.symmetric ? null : emitter.constant('z_n', 'uint8', ...packedZeros(packed)),
  }
}

/** Zero points of a row begin a new byte. */
export function packedZeros({
  settings,
  rows,
  blocks,
  zeros,
}: PackedWeight): [number[], Uint8Array] {
  if (settings.bits === 8) return [[rows, blocks], zeros]
  const perRow = Math.ceil(blocks / 2)
  const bytes = new Uint8Array(rows * perRow)
  for (let row = 0; row < rows; row += 1) {
    const own = zeros.subarray(row * blocks, (row + 1) * blocks)
    bytes.set(packElements(own, 4), row * perRow)
  }
  return [[rows, perRow], bytes]
}

/** Puts the product in the node's place. */
export function emitMatMulNBits(
  { node, stored }: WeightSite,
  { packed, codes, scales, zeros }: NBitsConstants,
  accuracyLevel: number,
  emitter: WeightEmitter,
): void {
  const { settings, rows, columns } = packed
  const bias = stored.bias === 'none' ? null : node.input(stored.bias)
  const fits =
    bias?.constant?.dtype === 'float32' &&
    tensorSize(bias.constant) === rows &&
    bias.constant.dims.at(-1) === rows
  const inputs: (Value | null)[] = [node.input(0), codes, scales]
  if (zeros !== null || fits) inputs.push(zeros)
  if (fits) inputs.push(null, rowBias(bias, rows, emitter))
  const attributes = [
    intAttribute('K', columns),
    intAttribute('N', rows),
    intAttribute('bits', settings.bits),
    intAttribute('block_size', settings.blockSize),
    intAttribute('accuracy_level', accuracyLevel),
  ]
  const label = labelOf(node)
  const product = emitter.insertContrib(node, 'MatMulNBits', inputs, attributes)
  if (product.producer !== null) product.producer.name = label
  bypass(node, bias !== null && !fits ? addBias(node, product, bias, emitter) : product)
}

function addBias(node: Node, product: Value, bias: Value, emitter: WeightEmitter): Value {
  return emitter.insert(node, 'Add', [product, bias])
}

/** The kernel takes the bias as [N]. */
function rowBias(bias: Value, rows: number, emitter: WeightEmitter): Value {
  const tensor = bias.constant
  if (tensor === null || tensor.dims.length === 1) return bias
  return emitter.constant('b_n', 'float32', [rows], Float32Array.from(floatValues(tensor)))
}
