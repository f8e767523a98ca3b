// Puts bias corrections into a float model, before it is quantized.

import type { Model } from '#src/onnx/ir/model'
import { typedTensor } from '#src/onnx/ir/tensor'
import { float32Constant } from '../rewrite/constants.ts'
import { FreshNames } from '../rewrite/fresh-names.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { BiasCorrections } from './correct-bias.ts'
import type { QuantizationSites } from './quantization-sites.ts'

/** Adds the corrections to the biases of a float model; layers without a bias get one. */
export function applyCorrections(
  model: Model,
  sites: QuantizationSites,
  corrections: BiasCorrections,
): void {
  const names = new FreshNames(model)
  for (const [node, { kernel }] of sites.integer) {
    const correction = corrections.get(labelOf(node))
    if (correction === undefined || kernel.bias === 'none') continue
    const present = float32Constant(node.input(kernel.bias))
    const bias = Float32Array.from(correction, (shift, channel) => {
      return (present?.[present.length === 1 ? 0 : channel] ?? 0) + shift
    })
    const name = names.make(`${labelOf(node)}_bias`)
    const tensor = typedTensor(name, 'float32', [bias.length], bias)
    node.setInput(kernel.bias, model.graph.addInitializer(tensor))
  }
}
