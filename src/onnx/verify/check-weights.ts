// Weights that are multiplied must be finite: NaN and infinity spread to every output. Masks may hold infinities, so only the
// operands of multiplying operators are judged.

import type { Value } from '../ir/value.ts'
import type { Model } from '../ir/model.ts'
import { isFloat } from '../ir/data-type.ts'
import { ChunkBuffer } from '../element-chunks.ts'
import { MAC_RULES } from '../macs/count-macs.ts'
import { OnnxError } from '../onnx-error.ts'
import { scaleInputs } from '../operators/constant-roles.ts'
import { finish, scanTensor } from '../scan-tensor.ts'
import { floatValues } from '../tensor-values.ts'
import type { WeightTensor } from '../weight-tensors.ts'
import { heldTensor, weightTensors } from '../weight-tensors.ts'
import { placeOf } from './place.ts'
import { graphScopes } from './scopes.ts'

export function* checkWeights(model: Model): IterableIterator<OnnxError> {
  const buffer = new ChunkBuffer()
  for (const weight of weightTensors(model)) {
    if (!isMultiplied(weight.value) || !isFloat(weight.tensor.dtype)) continue
    const { nonFinite } = finish(scanTensor(weight.tensor, buffer))
    const problem = nonFiniteProblem(weight, nonFinite)
    if (problem !== null) yield problem
  }
}

/** `nonFinite`: how many such elements the weight has. */
export function nonFiniteProblem({ value }: WeightTensor, nonFinite: number): OnnxError | null {
  if (nonFinite === 0 || !isMultiplied(value)) return null
  const detail = `weight '${value.name}' holds ${nonFinite} values that are NaN or infinite; all must be finite`
  return new OnnxError('invalid_weights', detail, { tensor: value.name })
}

function isMultiplied(value: Value): boolean {
  return [...value.uses].some(({ node }) => Object.hasOwn(MAC_RULES, node.opType))
}

export function* checkScales(model: Model): IterableIterator<OnnxError> {
  for (const { graph } of graphScopes(model)) {
    for (const node of graph.nodes()) {
      for (const index of scaleInputs(node)) {
        const scale = node.input(index)
        const wrong = scale === null ? null : wrongScale(scale)
        if (scale === null || wrong === null) continue
        const detail = `${node.describe()} has the scale ${wrong} in '${scale.name}'; scales must be finite and above 0`
        yield new OnnxError('invalid_weights', detail, placeOf(node, { tensor: scale.name }))
      }
    }
  }
}

function wrongScale(value: Value): number | null {
  const held = heldTensor(value)
  if (held?.kind !== 'tensor') return null
  return floatValues(held).find((scale) => !(scale > 0 && scale < Infinity)) ?? null
}
