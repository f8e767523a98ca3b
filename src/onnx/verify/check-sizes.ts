// Tensors whose size is known before running: each within the limit, and of the rank that a kernel trusts without looking.

import { byteLength } from '../ir/data-type.ts'
import type { Model } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import type { Shape } from '../ir/value-type.ts'
import { OnnxError } from '../onnx-error.ts'
import type { TypeInference } from '../shapes/infer-types.ts'
import type { VerifyLimits } from './limits.ts'
import { placeOf } from './place.ts'
import { graphScopes } from './scopes.ts'

/** Ranks of inputs that onnxruntime 1.30 reads without checking: a scalar `beta` makes it read address 0. */
const TRUSTED_RANKS: Readonly<Record<string, readonly (number | 'any')[]>> = {
  'com.microsoft.EmbedLayerNormalization': [2, 'any', 2, 2, 2, 1, 1],
  'com.microsoft.QEmbedLayerNormalization': [2, 'any', 2, 2, 2, 1, 1],
}

export function* checkSizes(
  model: Model,
  limits: VerifyLimits,
  types: TypeInference,
): IterableIterator<OnnxError> {
  for (const { graph } of graphScopes(model)) {
    for (const value of graph.inputs) yield* checkValue(value, null, limits, types)
    for (const node of graph.nodes()) {
      for (const value of node.outputs) {
        if (value !== null) yield* checkValue(value, node, limits, types)
      }
      yield* checkRanks(node, types)
    }
  }
}

function* checkValue(
  value: Value,
  node: Node | null,
  limits: VerifyLimits,
  types: TypeInference,
): IterableIterator<OnnxError> {
  const type = types.type(value)
  if (type?.kind !== 'tensor' || type.dtype === 'none' || type.shape === null) return
  const bytes = byteLength(type.dtype, smallestCount(type.shape))
  if (bytes === 'none' || bytes <= limits.maxTensorBytes) return
  const writer = node === null ? 'the graph' : node.describe()
  yield new OnnxError(
    'tensor_too_large',
    `${writer} has the tensor '${value.name}' of ${type.dtype} [${describe(type.shape)}], ${bytes} bytes; at most ${limits.maxTensorBytes} are supported`,
    node === null ? { tensor: value.name } : placeOf(node, { tensor: value.name }),
  )
}

/** Elements, with 1 for every dimension that is not known. */
function smallestCount(shape: NonNullable<Shape>): number {
  return shape.reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : 1), 1)
}

function describe(shape: NonNullable<Shape>): string {
  return shape.map((dim) => dim ?? '?').join(', ')
}

function* checkRanks(node: Node, types: TypeInference): IterableIterator<OnnxError> {
  const ranks = TRUSTED_RANKS[`${node.domain}.${node.opType}`] ?? []
  for (const [index, rank] of ranks.entries()) {
    const value = node.input(index)
    const type = value === null ? null : types.type(value)
    if (rank === 'any' || type?.kind !== 'tensor' || type.shape === null) continue
    if (type.shape.length === rank) continue
    yield new OnnxError(
      'invalid_graph',
      `input ${index} of ${node.describe()} is '${value?.name ?? ''}' of rank ${type.shape.length}; it must be of rank ${rank}`,
      placeOf(node, { tensor: value?.name ?? '' }),
    )
  }
}
