// Whether a model computes on integers before we touch it.

import type { Model } from '#src/onnx/ir/model'

const QUANTIZER =
  /^(DynamicQuantizeLinear|QuantizeLinear|DequantizeLinear|QLinear|QGemm|QAttention|ConvInteger|MatMulInteger|MatMulNBits|GatherBlockQuantized)/

/** The reason to leave it alone, or `null`. */
export function quantizedAlready(model: Model): string | null {
  for (const node of model.graph.allNodes()) {
    if (QUANTIZER.test(node.opType)) return `the model is quantized already: ${node.describe()}`
  }
  return null
}
