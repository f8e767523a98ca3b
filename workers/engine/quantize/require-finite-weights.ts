// NaN and infinity in weights: no number of bits holds them. Other constants may be infinite, as attention masks are.

import type { Model } from '#src/onnx/ir/model'
import { opRule } from '../ops/registry.ts'
import { finiteWeights } from './quantize-weight.ts'

/**
 * Looks at the weights and biases of all operators that have them by the registry.
 * @throws OnnxError invalid_weights naming the tensor
 */
export function requireFiniteWeights(model: Model): void {
  for (const node of model.graph.allNodes()) {
    const rule = opRule(node)
    const kernel = rule === 'unknown' ? 'float' : rule.quantization
    if (kernel === 'float' || kernel === 'carries' || kernel.weight === 'none') continue
    for (const index of [kernel.weight.input, kernel.bias]) {
      const tensor = index === 'none' ? null : (node.input(index)?.constant ?? null)
      if (tensor?.dtype === 'float32') finiteWeights(tensor)
    }
  }
}
