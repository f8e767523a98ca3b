// What a model's graph and weights tell without running it.

import type { Model } from '#src/onnx/ir/model'
import { countMacs } from '#src/onnx/macs/count-macs'
import { countWeights } from '#src/onnx/count-weights'
import { weightTensors } from '#src/onnx/weight-tensors'

export interface StaticMeasures {
  readonly parameters: number
  readonly nonzero_parameters: number
  readonly sparsity: number
  readonly macs: number | null
}

/** @param inputs concrete shapes of one sample's run; `null` takes the declared ones, open batches as 1 */
export function staticMeasures(
  model: Model,
  inputs: Readonly<Record<string, readonly number[]>> | null,
): StaticMeasures {
  const { parameters, nonzero } = countWeights(weightTensors(model))
  return {
    parameters,
    nonzero_parameters: nonzero,
    sparsity: parameters === 0 ? 0 : 1 - nonzero / parameters,
    macs: inputs === null ? countMacs(model) : countMacs(model, inputs),
  }
}
