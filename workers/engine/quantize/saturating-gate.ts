// HardSigmoid on integers without a kernel of its own: clip(α·x + β, 0, 1) is an addition whose output quantizer, of scale 1/255 and
// zero point 0, saturates at 0 and at 1. The product α·x is the same integers read with the scale α·s.

import type { Node } from '#src/onnx/ir/node'
import type { IntegerKernel } from '../ops/integer-kernel.ts'
import { integerKernel } from '../ops/integer-kernel.ts'

export interface SaturatingGate {
  readonly alpha: number
  readonly beta: number
}

export const SATURATING_GATE_KERNEL: IntegerKernel = integerKernel({
  kernels: ['QLinearAdd'],
  activations: [0],
  outputRange: [0, 1],
})

/** `null` for other operators, and for slopes and offsets that are not positive. */
export function saturatingGate(node: Node): SaturatingGate | null {
  if (!node.is('HardSigmoid')) return null
  const [alpha, beta] = [node.float('alpha', 0.2), node.float('beta', 0.5)]
  return alpha > 0 && beta > 0 ? { alpha, beta } : null
}
