// Inferred types of a model beside what the runtime says of it and computes.

import type { DataType } from '#src/onnx/ir/data-type'
import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Tensor } from '#src/onnx/ir/tensor'
import { rawTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Comparison } from './shapes-oracle-compare.ts'
import { compareType, emptyComparison } from './shapes-oracle-compare.ts'
import type { Feed, OracleReply } from './shapes-oracle-session.ts'

/** Outputs of the main graph's nodes, by name. */
export function valuesOf(graph: Graph): Map<string, Value> {
  const values = new Map<string, Value>()
  for (const node of graph.nodes()) {
    for (const value of node.outputs) if (value !== null) values.set(value.name, value)
  }
  return values
}

export function compareReported(
  inference: TypeInference,
  values: ReadonlyMap<string, Value>,
  reply: OracleReply,
): Comparison {
  const comparison = emptyComparison()
  for (const reported of reply.reported) {
    const value = values.get(reported.name)
    if (value !== undefined) compareType(comparison, inference.type(value), reported)
  }
  return comparison
}

/** Symbols of the inputs' declared shapes bound to the sizes of the run. */
export function symbolSizes(model: Model, feeds: readonly Feed[]): Record<string, number> {
  const sizes: Record<string, number> = {}
  for (const { name, dims } of feeds) {
    const type = model.graph.inputs.find((value) => value.name === name)?.type
    if (type?.kind !== 'tensor') continue
    for (const [axis, dim] of (type.shape ?? []).entries()) {
      if (typeof dim === 'string') sizes[dim] = dims[axis] ?? 0
    }
  }
  return sizes
}

/** With the fed tensors as constants: what then stays unknown depends on values that no rule follows. */
export function inferKnown(model: Model, feeds: readonly Feed[] | 'none'): TypeInference {
  const constants: Record<string, Tensor> = {}
  for (const { name, type, dims, data } of feeds === 'none' ? [] : feeds) {
    constants[name] = rawTensor(name, type as DataType, dims, Buffer.from(data, 'base64'))
  }
  return inferTypes(model, { declaredTypes: 'ignore', constants })
}

/** Shapes of a run against those inferred. */
export function compareComputed(
  inference: TypeInference,
  values: ReadonlyMap<string, Value>,
  reply: OracleReply,
  sizes: Readonly<Record<string, number>>,
): Comparison | string {
  if (reply.computed === 'none') return reply.error
  const comparison = emptyComparison()
  for (const computed of reply.computed) {
    const value = values.get(computed.name)
    const type = value === undefined ? null : inference.type(value)
    if (value === undefined || type === null) continue
    const shape = inference.shapeAt(value, sizes)
    const bound = type.kind === 'tensor' ? { ...type, shape } : type
    compareType(comparison, bound, computed, true)
  }
  return comparison
}
