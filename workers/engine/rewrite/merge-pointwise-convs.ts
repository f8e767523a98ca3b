// A 1×1 convolution behind another one with nothing in between → one: W = W₂·W₁, b = W₂·b₁ + b₂, where that multiplies no more.

import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import { float32Constant } from './constants.ts'
import { isUnpadded } from './conv-input-scaling.ts'
import type { NodeRule } from './pass.ts'
import { bypass, soleProducer } from './sole-consumer.ts'

export const mergePointwiseConvs: NodeRule = {
  name: 'merge-pointwise-convs',
  apply: (node, { names }) => {
    const second = pointwise(node)
    const producer = second === null ? null : soleProducer(node.input(0), node)
    const first = producer === null ? null : pointwise(producer)
    if (producer === null || second === null || first === null) return 'unmatched'
    const [inputs, middle, outputs] = [first.inputs, first.outputs, second.outputs]
    if (inputs * outputs > middle * (inputs + outputs)) return 'unmatched'
    const weights = new Float32Array(outputs * inputs)
    const bias = new Float32Array(outputs)
    for (let output = 0; output < outputs; output += 1) {
      const row = new Float64Array(inputs)
      let sum = second.bias[output] ?? 0
      for (let inner = 0; inner < middle; inner += 1) {
        const factor = second.weights[output * middle + inner] ?? 0
        sum += factor * (first.bias[inner] ?? 0)
        for (let input = 0; input < inputs; input += 1) {
          row[input] = (row[input] ?? 0) + factor * (first.weights[inner * inputs + input] ?? 0)
        }
      }
      weights.set(row, output * inputs)
      bias[output] = sum
    }
    const { graph } = producer
    const result = producer.output(0)
    if (graph === null || result === null || !weights.every(Number.isFinite)) return 'unmatched'
    const dims = [outputs, inputs, ...first.window]
    const weight = typedTensor(names.make('merged_weight'), 'float32', dims, weights)
    producer.setInput(1, graph.addInitializer(weight))
    const made = typedTensor(names.make('merged_bias'), 'float32', [outputs], bias)
    producer.setInput(2, graph.addInitializer(made))
    result.type = null
    bypass(node, result)
    return 'applied'
  },
}

interface Pointwise {
  readonly weights: Float32Array
  readonly bias: Float32Array
  readonly inputs: number
  readonly outputs: number
  readonly window: readonly number[]
}

/** A dense convolution that looks at each position alone. */
function pointwise(node: Node): Pointwise | null {
  if (!node.is('Conv') || node.int('group', 1) !== 1 || !isUnpadded(node)) return null
  const weights = float32Constant(node.input(1))
  const [outputs, inputs, ...window] = node.input(1)?.constant?.dims ?? []
  if (weights === null || outputs === undefined || inputs === undefined) return null
  const isSingle = window.every((size) => size === 1)
  const isStill = (node.ints('strides') ?? []).every((stride) => stride === 1)
  const bias = node.input(2) === null ? new Float32Array(outputs) : float32Constant(node.input(2))
  if (!isSingle || !isStill || bias?.length !== outputs) return null
  return { weights, bias, inputs, outputs, window }
}
