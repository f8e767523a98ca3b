// float16 models become float32 ones: quantizers, training, what pruning measures, and the kernels that they stand for, know
// float32. Weights are exact in it.

import { intAttribute, tensorAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import { typedTensor } from '#src/onnx/ir/tensor'
import { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { floatValues } from '#src/onnx/tensor-values'
import { FreshNames } from './fresh-names.ts'
import { WidenedRange } from './widened-range.ts'

const HALF = DATA_TYPES.float16.code
const FLOAT = DATA_TYPES.float32.code
const TO_FLOAT = [intAttribute('to', FLOAT)]

/** Attributes that name the type of the result. */
const TYPE_ATTRIBUTES = ['to', 'dtype', 'output_dtype', 'stash_type']

/**
 * How many tensors were widened; 0 when nothing was float16. Changes the model in place.
 * @param ends inputs and outputs: as they were, with a Cast behind and before them, or float32 as well
 * @param weights converted at once, or when they are read (halvesAgain)
 */
export function widenFloat16(
  model: Model,
  ends: 'kept' | 'widened' = 'kept',
  weights: 'now' | 'when read' = 'now',
): number {
  const names = new FreshNames(model)
  const { inputs, outputs } = model.graph
  const isHalf = (value: Value): boolean =>
    value.type?.kind === 'tensor' && value.type.dtype === 'float16'
  const halfInputs = inputs.filter((value) => isHalf(value) && value.initializer === null)
  const halfOutputs = outputs.filter(isHalf)
  let tensors = 0
  const graphs = new Set<Graph>([model.graph])
  for (const node of model.graph.allNodes()) {
    if (node.graph !== null) graphs.add(node.graph)
    tensors += widenAttributes(node)
    for (const value of node.outputs) if (value !== null && isHalf(value)) retype(value)
  }
  for (const graph of graphs) {
    for (const value of Array.from(graph.initializers.values())) {
      const tensor = value.constant
      if (tensor?.dtype !== 'float16') continue
      graph.setInitializer(value, weights === 'now' ? widened(tensor) : widenedLater(tensor))
      if (isHalf(value)) retype(value)
      tensors += 1
    }
    if (graph === model.graph) continue
    for (const value of [...graph.inputs, ...graph.outputs]) if (isHalf(value)) retype(value)
  }
  if (ends === 'widened') for (const value of [...halfInputs, ...halfOutputs]) retype(value)
  else castEnds(model, halfInputs, halfOutputs, names)
  return tensors + halfInputs.length + halfOutputs.length
}

/** Inputs and outputs of these names become float16, with a Cast behind and before them. */
export function narrowEnds(model: Model, half: ReadonlySet<string>): void {
  const { inputs, outputs } = model.graph
  const named = ({ name }: Value): boolean => half.has(name)
  const halfInputs = inputs.filter((value) => named(value) && value.initializer === null)
  for (const value of halfInputs) retype(value, 'float16')
  castEnds(model, halfInputs, outputs.filter(named), new FreshNames(model))
}

function castEnds(
  model: Model,
  inputs: readonly Value[],
  outputs: readonly Value[],
  names: FreshNames,
): void {
  for (const value of inputs) castInput(model, value, names)
  for (const value of outputs) castOutput(model, value, names)
}

function widened(tensor: Tensor): Tensor {
  return typedTensor(tensor.name, 'float32', tensor.dims, floatValues(tensor))
}

function widenedLater(tensor: Tensor): Tensor {
  const { storage } = tensor
  if (storage.kind !== 'raw' && storage.kind !== 'external') return widened(tensor)
  if (storage.range === 'none' || storage.range.resident === true) return widened(tensor)
  const range = new WidenedRange(storage.range)
  return { ...tensor, dtype: 'float32', storage: { kind: 'raw', range } }
}

/** Weights that were to be widened when read, and are still there: float16 in the file again, with a Cast that is folded at load. */
export function halvesAgain({ graph }: Model, names: FreshNames): number {
  let tensors = 0
  for (const value of Array.from(graph.initializers.values())) {
    const { constant } = value
    const range = constant?.storage.kind === 'raw' ? constant.storage.range : null
    if (constant === null || !(range instanceof WidenedRange) || value.isGraphOutput) continue
    const storage = { kind: 'raw', range: range.halves } as const
    const name = names.make(`${value.name}_half`)
    const half = graph.addInitializer({ ...constant, name, dtype: 'float16', storage })
    const cast = makeNode('Cast', [half], [names.make(`${value.name}_wide`)], TO_FLOAT)
    const [first] = graph.nodes()
    const result = cast.output(0)
    if (result === null || first === undefined) continue
    graph.replaceUses(value, result)
    graph.insertBefore(cast, first)
    graph.removeInitializer(value)
    tensors += 1
  }
  return tensors
}

function retype(value: Value, dtype: 'float32' | 'float16' = 'float32'): void {
  const shape = value.type?.kind === 'tensor' ? value.type.shape : null
  value.type = tensorType(dtype, shape)
}

function widenAttributes(node: Node): number {
  let tensors = 0
  for (const [name, attribute] of node.attributes) {
    if (attribute.type === 'tensor' && attribute.value.dtype === 'float16') {
      node.attributes.set(name, tensorAttribute(name, widened(attribute.value)))
      tensors += 1
    }
    const isType = TYPE_ATTRIBUTES.includes(name) && attribute.type === 'int'
    if (isType && Number(attribute.value) === HALF) {
      node.attributes.set(name, intAttribute(name, FLOAT))
    }
  }
  return tensors
}

function castInput({ graph }: Model, value: Value, names: FreshNames): void {
  const cast = makeNode('Cast', [], [names.make(`${value.name}_float`)], TO_FLOAT)
  const result = cast.output(0)
  const [first] = graph.nodes()
  if (result === null || first === undefined || value.uses.size === 0) return
  graph.replaceUses(value, result)
  cast.setInput(0, value)
  graph.insertBefore(cast, first)
}

function castOutput({ graph }: Model, value: Value, names: FreshNames): void {
  const { name, type } = value
  const shape = type?.kind === 'tensor' ? type.shape : null
  const output = new Value(name, tensorType('float16', shape))
  value.name = names.make(`${name}_float`)
  const cast = makeNode('Cast', [value], [], [intAttribute('to', HALF)])
  cast.setOutput(0, output)
  graph.append(cast)
  graph.outputs[graph.outputs.indexOf(value)] = output
}
