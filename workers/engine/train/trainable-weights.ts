// Which constants of a model are learnt: the ones that training may change.

import type { Model } from '#src/onnx/ir/model'
import type { Tensor } from '#src/onnx/ir/tensor'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Use, Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { floatValues } from '#src/onnx/tensor-values'
import { weightTensors } from '#src/onnx/weight-tensors'
import { labelOf } from '../rewrite/pass.ts'

/** Nothing learnt is as large; what stands for minus infinity in an attention mask is. */
const LARGEST = 1e4

/** Where a single number is part of a formula that the exporter spelt out, or fills a tensor. */
const FORMULA_OPS = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'Sqrt', 'Where', 'Expand']

/** Where a table of zeros and ones says what counts. */
const MASKED_OPS = ['Mul', 'Add', 'Sub', 'Where', 'Expand', 'Unsqueeze', 'Slice', 'Gather']

const RECURRENT_OPS = ['LSTM', 'GRU', 'RNN']

/**
 * Initializers of float32 in the main graph that operators use as weights. Not the statistics of BatchNormalization, single
 * numbers in formulas, and masks. `frozen`: names of nodes whose weights stay.
 */
export function trainableWeights(model: Model, frozen: readonly string[] = []): Value[] {
  const names = new Set(frozen)
  const found: Value[] = []
  for (const { value, tensor, quantizedBy } of weightTensors(model)) {
    const isPlain = quantizedBy === 'none' && tensor.dtype === 'float32'
    if (!isPlain || value.constant === null || value.graph !== model.graph) continue
    const uses = [...value.uses]
    if (uses.some((use) => isStatistic(use) || names.has(labelOf(use.node)))) continue
    if (!isSetting(tensor, uses)) found.push(value)
  }
  return found
}

function isStatistic({ node, index }: Use): boolean {
  return node.is('BatchNormalization') && index >= 3
}

/** Numbers of formulas, masks, tables of angles, and states that a recurrent layer starts from with nothing. */
function isSetting(tensor: Tensor, uses: readonly Use[]): boolean {
  const isRead = (...operators: string[]): boolean =>
    uses.every(({ node }) => node.is(...operators))
  if (tensorSize(tensor) === 1 && isRead(...FORMULA_OPS)) return true
  const elements = floatValues(tensor)
  if (elements.some((element) => !(Math.abs(element) < LARGEST))) return true
  const isOf = (...allowed: number[]): boolean =>
    elements.every((element) => allowed.includes(element))
  if (uses.every(isInitialState) && isOf(0)) return true
  if (uses.every(isAngle)) return true
  const isTable = tensor.dims.length > 1 && isRead(...MASKED_OPS)
  return isTable && isOf(0, 1) && elements.includes(0) && elements.includes(1)
}

function isInitialState({ node, index }: Use): boolean {
  return node.is(...RECURRENT_OPS) && (index === 5 || index === 6)
}

/** Cosines and sines of places. */
function isAngle({ node, index }: Use): boolean {
  return node.is('RotaryEmbedding') && (index === 1 || index === 2)
}

/** Makes inputs of the graph of initializers: their elements come with each run. Gives the elements they had. */
export function exposeAsInputs(
  model: Model,
  values: readonly Value[],
): ReadonlyMap<string, Float32Array> {
  const { graph } = model
  const elements = new Map<string, Float32Array>()
  for (const value of values) {
    const tensor = value.constant
    if (tensor === null) throw new Error(`'${value.name}' is no constant of the graph`)
    elements.set(value.name, Float32Array.from(floatValues(tensor)))
    value.initializer = null
    value.type = tensorType('float32', tensor.dims)
    graph.initializers.delete(value.name)
    graph.inputs.push(value)
  }
  return elements
}
