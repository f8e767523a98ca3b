// Operators that scale the channels of their result by inputs of theirs: multiplying these by a factor per channel multiplies the
// result's last axis by it.

import type { Node } from '#src/onnx/ir/node'

/** Inputs by operator: scale, and shift where there is one. */
const AFFINE: Readonly<Record<string, readonly number[]>> = {
  LayerNormalization: [1, 2],
  RMSNormalization: [1],
  SimplifiedLayerNormalization: [1],
}

/** `none` for other operators, and where more than the last axis is normalized. */
export function affineOutput(node: Node): readonly number[] | 'none' {
  const inputs = AFFINE[node.opType]
  const scale = node.input(1)?.constant ?? null
  if (inputs === undefined || scale === null || scale.dims.length !== 1) return 'none'
  return inputs
}
