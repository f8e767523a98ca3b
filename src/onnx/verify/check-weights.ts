// Weights that are multiplied must be finite: NaN and infinity spread to every output. Masks may hold infinities, so only the
// operands of multiplying operators are judged.

import type { Value } from '../ir/value.ts'
import type { Model } from '../ir/model.ts'
import type { Tensor } from '../ir/tensor.ts'
import { elementChunks } from '../element-chunks.ts'
import { MAC_RULES } from '../macs/count-macs.ts'
import { OnnxError } from '../onnx-error.ts'
import { scaleInputs } from '../operators/constant-roles.ts'
import { floatValues } from '../tensor-values.ts'
import { heldTensor, weightTensors } from '../weight-tensors.ts'
import { placeOf } from './place.ts'
import { graphScopes } from './scopes.ts'

export function* checkWeights(model: Model): IterableIterator<OnnxError> {
  for (const { value, tensor } of weightTensors(model)) {
    if (!isMultiplied(value)) continue
    const count = nonFiniteElements(tensor)
    if (count === 0) continue
    const detail = `weight '${value.name}' holds ${count} values that are NaN or infinite; all must be finite`
    yield new OnnxError('invalid_weights', detail, { tensor: value.name })
  }
}

function isMultiplied(value: Value): boolean {
  return [...value.uses].some(({ node }) => Object.hasOwn(MAC_RULES, node.opType))
}

// Bits of the exponent: all of them set means NaN or infinity (IEEE 754).
const EXPONENTS: Readonly<Record<string, number>> = { float16: 0x7c00, bfloat16: 0x7f80 }

function nonFiniteElements(tensor: Tensor): number {
  const exponent = EXPONENTS[tensor.dtype]
  if (exponent === undefined && tensor.dtype !== 'float32' && tensor.dtype !== 'float64') return 0
  let count = 0
  for (const chunk of elementChunks(tensor)) {
    for (let index = 0; index < chunk.length; index += 1) {
      const value = Number(chunk[index])
      const finite =
        exponent === undefined ? Number.isFinite(value) : (value & exponent) !== exponent
      if (!finite) count += 1
    }
  }
  return count
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
