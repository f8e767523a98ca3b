// Tables that rows are looked up in, as embeddings are: rows are taken out as integers and only they become floats.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { labelOf } from '../../rewrite/pass.ts'
import { bypass } from '../../rewrite/sole-consumer.ts'
import { packedZeros } from './emit-matmul-nbits.ts'
import type { PackedWeight } from './packed-weight.ts'
import type { WeightEmitter } from './weight-emitter.ts'

/** com.microsoft.GatherBlockQuantized on bytes of two codes of 4 bits, or of one of 8. */
export function emitGatherBlockQuantized(
  node: Node,
  packed: PackedWeight,
  emitter: WeightEmitter,
): void {
  const { settings, rows, blocks, codes, scales } = packed
  const width = codes.length / rows
  const table = emitter.constant('w_g', 'uint8', [rows, width], codes)
  const perBlock = emitter.constant('s_g', 'float32', [rows, blocks], scales)
  const inputs: (Value | null)[] = [table, node.input(1), perBlock]
  if (!settings.symmetric) {
    inputs.push(emitter.constant('z_g', 'uint8', ...packedZeros(packed)))
  }
  const label = labelOf(node)
  const found = emitter.insertContrib(node, 'GatherBlockQuantized', inputs, [
    intAttribute('gather_axis', 0),
    intAttribute('quantize_axis', 1),
    intAttribute('block_size', settings.blockSize),
    intAttribute('bits', settings.bits),
  ])
  if (found.producer !== null) found.producer.name = label
  bypass(node, found)
}

/**
 * Standard operators: rows of integers, rows of scales, DequantizeLinear of both. `rank`: of the indices. For symmetric codes
 * of 8 bits only: Gather takes no narrower ones.
 */
export function emitGatherQdq(
  node: Node,
  rank: number,
  packed: PackedWeight,
  emitter: WeightEmitter,
): void {
  const { settings, rows, columns, blocks, codes, scales } = packed
  const integers = Int8Array.from(codes, (code) => code - 128)
  const table = emitter.constant('w_g', 'int8', [rows, columns], integers)
  const perBlock = emitter.constant('s_g', 'float32', [rows, blocks], scales)
  const axis = intAttribute('axis', 0)
  const found = emitter.insert(node, 'Gather', [table, node.input(1)], [axis])
  const scale = emitter.insert(node, 'Gather', [perBlock, node.input(1)], [axis])
  const result = emitter.insert(
    node,
    'DequantizeLinear',
    [found, scale],
    [intAttribute('axis', rank), intAttribute('block_size', settings.blockSize)],
  )
  bypass(node, result)
}
