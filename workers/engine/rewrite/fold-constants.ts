// Nodes whose inputs are all constant → the constants they compute. Small results come from inference (shape arithmetic),
// the others from the runtime, which evaluates all such nodes of the graph as one small model.

import type { Model } from '#src/onnx/ir/model'
import { DATA_TYPES, byteLength } from '#src/onnx/ir/data-type'
import type { Node } from '#src/onnx/ir/node'
import { tensorSize } from '#src/onnx/ir/tensor'
import { elementCount } from '#src/onnx/ir/value-type'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Runtime } from '../runtime/runtime.ts'
import { evaluateConstants } from './evaluate-constants.ts'
import { FreshNames } from './fresh-names.ts'
import type { Declined, Pass } from './pass.ts'
import { labelOf } from './pass.ts'

/** A result of up to this many bytes is folded even when it is larger than the constants it comes from. */
const FREE_BYTES = 4096

/** Another result in every run, or a quantizer whose integers must stay as they are. */
const KEPT_OPERATORS: ReadonlySet<string> = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
  'Dropout',
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
])

export const foldConstants: Pass = {
  name: 'fold-constants',
  run: async (model, runtime) => {
    const names = new FreshNames(model)
    const facts = inferTypes(model)
    let applied = foldInferred(model, facts, names)
    const declined: Declined[] = []
    applied += await foldByRuntime(model, facts, runtime, names, declined)
    return { applied, declined }
  },
}

function foldInferred(model: Model, facts: TypeInference, names: FreshNames): number {
  let applied = 0
  for (const node of model.graph.nodes()) {
    if (!isFoldable(node) || node.outputs.length !== 1) continue
    const output = node.output(0)
    if (output === null || output.isGraphOutput || output.uses.size === 0) continue
    const tensor = facts.constant(output)
    if (tensor === null || reasonToKeep(node, facts) !== null) continue
    const name = names.make(`${output.name}_folded`)
    model.graph.replaceUses(output, model.graph.addInitializer({ ...tensor, name }))
    model.graph.remove(node)
    applied += 1
  }
  return applied
}

async function foldByRuntime(
  model: Model,
  facts: TypeInference,
  runtime: Runtime,
  names: FreshNames,
  declined: Declined[],
): Promise<number> {
  const computed = new Set<Value>()
  const nodes: Node[] = []
  for (const node of model.graph.nodes()) {
    if (!isFoldable(node) || node.inputs.length === 0) continue
    const isConstant = node.inputs.every(
      (value) => value === null || value.constant !== null || computed.has(value),
    )
    if (!isConstant || node.inputs.every((value) => value === null)) continue
    const reason = reasonToKeep(node, facts)
    if (reason !== null) {
      declined.push({ rule: 'fold-constants', node: labelOf(node), reason })
      continue
    }
    nodes.push(node)
    for (const value of node.outputs) if (value !== null) computed.add(value)
  }
  if (nodes.length === 0) return 0
  const inside = new Set(nodes)
  const wanted = [...computed].filter((value) =>
    value.consumers().some((reader) => !inside.has(reader)),
  )
  const results = await evaluateConstants(model, nodes, wanted, runtime)
  if (typeof results === 'string') {
    declined.push({ rule: 'fold-constants', node: null, reason: results })
    return 0
  }
  for (const [value, tensor] of results) {
    const name = names.make(`${value.name}_folded`)
    model.graph.replaceUses(value, model.graph.addInitializer({ ...tensor, name }))
  }
  let applied = 0
  for (const node of nodes.reverse()) {
    const isRead = node.outputs.some((value) => (value?.uses.size ?? 0) > 0)
    if (isRead) continue
    model.graph.remove(node)
    applied += 1
  }
  return applied
}

function isFoldable(node: Node): boolean {
  return (
    node.is() &&
    !KEPT_OPERATORS.has(node.opType) &&
    node.subgraphs().length === 0 &&
    !node.outputs.some((value) => value?.isGraphOutput ?? false)
  )
}

function reasonToKeep(node: Node, facts: TypeInference): string | null {
  let produced = 0
  for (const value of node.outputs) {
    if (value === null) continue
    const type = facts.type(value)
    if (type?.kind !== 'tensor' || type.dtype === 'none') return 'its type is not known'
    const count = elementCount(type.shape)
    if (count === null) return 'the size of its result is not known'
    if (DATA_TYPES[type.dtype].bits === 'none') return 'it computes strings'
    produced += Number(byteLength(type.dtype, count))
  }
  const consumed = node.inputs.reduce((sum, value) => sum + bytesOf(value, facts), 0)
  if (produced <= FREE_BYTES || produced <= consumed) return null
  return `its result takes ${produced} bytes, what it is computed from ${consumed}`
}

function bytesOf(value: Value | null, facts: TypeInference): number {
  if (value === null) return 0
  const tensor = value.constant
  if (tensor !== null) return Number(byteLength(tensor.dtype, tensorSize(tensor)))
  const type = facts.type(value)
  if (type?.kind !== 'tensor' || type.dtype === 'none') return 0
  return Number(byteLength(type.dtype, elementCount(type.shape) ?? 0))
}
