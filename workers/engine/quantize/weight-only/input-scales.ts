// Moves a scale per channel from the input of layers into their weights: x / s is made by what comes before, W · s takes it back. Only where that is
// exact: through normalizations, products and sums with constants, layers, and Relu, none of them read by anybody else.

import type { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import { tensorSize, typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'

/** Divides one constant per channel: `axis` is the one that channels lie along. */
interface Division {
  readonly node: Node
  readonly input: number
  readonly axis: number
  /** Divisors are multiplied instead. */
  readonly inverse: boolean
}

/** Where x = value can be divided, or the reason why it cannot. `readers`: uses of the value that undo it. */
export function divisionsOf(
  value: Value,
  channels: number,
  readers: number,
): readonly Division[] | string {
  if (value.isGraphOutput) return 'its input is an output of the model'
  if (value.uses.size !== readers) return 'others read its input too'
  const maker = value.producer
  if (maker === null || maker.graph !== value.graph) return 'nothing comes before it'
  if (value.producerIndex !== 0) return 'its input is a second output'
  return divideAt(maker, channels)
}

const NORMALIZATIONS = ['LayerNormalization', 'RMSNormalization']

function divideAt(maker: Node, channels: number): readonly Division[] | string {
  if (maker.is(...NORMALIZATIONS)) {
    if (maker.outputs.slice(1).some((other) => other !== null && other.uses.size > 0)) {
      return 'the normalization before it has further outputs'
    }
    return perChannel(maker, maker.input(2) === null ? [1] : [1, 2], channels)
  }
  if (maker.is('Relu')) return through(maker.input(0), channels)
  if (maker.is('MatMul', 'Gemm')) return atProduct(maker, channels)
  if (maker.is('Add')) return atSum(maker, channels)
  if (maker.is('Mul', 'Div')) return atFactor(maker, channels)
  return `${maker.opType} before it does not pass a scale on`
}

function through(value: Value | null, channels: number): readonly Division[] | string {
  return value === null ? 'nothing comes before it' : divisionsOf(value, channels, 1)
}

function atProduct(maker: Node, channels: number): readonly Division[] | string {
  const weight = maker.input(1)?.constant
  if (weight?.dims.length !== 2 || weight.dtype !== 'float32') {
    return 'the product before it has no constant weight'
  }
  const axis = maker.is('Gemm') && maker.int('transB', 0) === 1 ? 0 : 1
  if (weight.dims[axis] !== channels) return 'the product before it has other channels'
  const own = { node: maker, input: 1, axis, inverse: false }
  const bias = maker.is('Gemm') ? maker.input(2) : null
  if (bias === null) return [own]
  const rest = perChannel(maker, [2], channels)
  return typeof rest === 'string' ? rest : [own, ...rest]
}

function atSum(maker: Node, channels: number): readonly Division[] | string {
  const constant = constantInput(maker)
  if (constant === null) return 'it is added to a computed value before'
  const own = perChannel(maker, [constant], channels)
  if (typeof own === 'string') return own
  const rest = through(maker.input(1 - constant), channels)
  return typeof rest === 'string' ? rest : [...own, ...rest]
}

function atFactor(maker: Node, channels: number): readonly Division[] | string {
  const constant = constantInput(maker)
  if (constant === null) {
    return maker.is('Mul') ? through(maker.input(1), channels) : 'it is divided before'
  }
  if (maker.is('Div') && constant === 0) return 'it divides a constant before'
  const own = perChannel(maker, [constant], channels)
  if (typeof own === 'string') return own
  return own.map((division) => ({ ...division, inverse: maker.is('Div') }))
}

function constantInput(node: Node): 0 | 1 | null {
  if (node.input(1)?.constant) return 1
  return node.input(0)?.constant ? 0 : null
}

/** Constants of one element per channel along their last axis, and nothing else. */
function perChannel(
  node: Node,
  inputs: readonly number[],
  channels: number,
): readonly Division[] | string {
  const divisions: Division[] = []
  for (const input of inputs) {
    const tensor = node.input(input)?.constant
    const isRow =
      tensor?.dtype === 'float32' &&
      tensor.dims.at(-1) === channels &&
      tensorSize(tensor) === channels
    if (!tensor || !isRow) return `a constant of ${node.opType} before it is not one per channel`
    divisions.push({ node, input, axis: tensor.dims.length - 1, inverse: false })
  }
  return divisions
}

/** Every division gets a constant of its own: others may read the one there was. */
export function divide(
  divisions: readonly Division[],
  scales: Float32Array,
  nameFor: () => string,
): void {
  for (const { node, input, axis, inverse } of divisions) {
    const tensor = node.input(input)?.constant
    const old = node.input(input)
    if (!tensor || old === null || node.graph === null) continue
    const factors = inverse ? scales : scales.map((scale) => 1 / scale)
    const scaled = node.graph.addInitializer(scaledAlong(tensor, axis, factors, nameFor()))
    node.setInput(input, scaled)
    if (old.uses.size === 0 && old.graph !== null) old.graph.removeInitializer(old)
  }
}

/** The tensor with each index of an axis multiplied by its factor. */
export function scaledAlong(
  tensor: Tensor,
  axis: number,
  factors: Float32Array,
  name: string,
): Tensor {
  const inner = tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const values = Float32Array.from(floatValues(tensor), (value, at) => {
    return value * (factors[Math.floor(at / inner) % factors.length] ?? 1)
  })
  return typedTensor(name, tensor.dtype, tensor.dims, values)
}
