// Puts what was learnt into the quantized model: integers of the weights, their steps, those of activations. Its nodes stay.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import { intAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import { rawTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { packElements } from '#src/onnx/sub-byte'
import { floatValues } from '#src/onnx/tensor-values'
import { sweepDeadCode } from '../../rewrite/remove-dead-code.ts'
import { ConstantStore } from '../constant-store.ts'
import { channelOf } from '../quantize-weight.ts'
import type { ActivationPlan, WeightPlan } from './fake-quantize.ts'
import type { BiasQuantizer } from './find-quantizers.ts'
import { scaleOf } from './find-quantizers.ts'
import { learntSteps } from './step-sizes.ts'
import { roundHalfEven } from './straight-through.ts'

/** Biases keep a bit of int32 free for the accumulator that they are added to. */
const BIAS_LIMIT = 2 ** 30

interface Plans {
  readonly weights: readonly WeightPlan[]
  readonly activations: readonly ActivationPlan[]
  readonly biases: readonly BiasQuantizer[]
}

/** `model`, on whose nodes the plans are, is changed in place. `learnt`: elements by initializer. */
export function writeLearnt(
  model: Model,
  { weights, activations, biases }: Plans,
  learnt: (name: string) => Float32Array,
): void {
  const store = new ConstantStore(model)
  for (const { factor, scale, quantizers } of activations) {
    const step = learntSteps(Float32Array.of(scale), learnt(factor))[0] ?? scale
    for (const quantizer of quantizers) {
      for (const restorer of quantizer.output(0)?.consumers() ?? []) {
        const ratio = scaleOf(restorer) / scale
        setScale(store, restorer, Float32Array.of(step * ratio))
      }
      setScale(store, quantizer, Float32Array.of(step))
    }
  }
  for (const weight of weights) {
    writeWeight(
      store,
      weight,
      learnt(weight.name),
      learntSteps(weight.start, learnt(weight.factor)),
    )
  }
  for (const bias of biases) writeBias(store, bias, learnt(bias.name))
  sweepDeadCode(model)
}

function setScale(store: ConstantStore, node: Node, scales: Float32Array): void {
  const dims = node.input(1)?.constant?.dims ?? []
  node.setInput(1, store.float32(scales, dims))
}

function writeWeight(
  store: ConstantStore,
  { layout, limit, restorers }: WeightPlan,
  values: Float32Array,
  steps: Float32Array,
): void {
  const channel = channelOf(layout)
  const levels = Int8Array.from(values, (value, index) => {
    const level = roundHalfEven(value / (steps[channel(index)] ?? 1))
    return Math.max(-limit, Math.min(limit, level))
  })
  const isNarrow = limit < 8
  const stored = isNarrow ? int4(store, levels, layout.dims) : store.int8(levels, layout.dims)
  for (const restorer of restorers) {
    setScale(store, restorer, steps)
    if (restorer.is('DequantizeLinear')) {
      restorer.setInput(0, isNarrow ? widened(store, stored, restorer) : stored)
    } else restorer.input(0)?.producer?.setInput(0, stored)
  }
}

function int4(store: ConstantStore, levels: Int8Array, dims: readonly number[]): Value {
  const bytes = packElements(levels, 4)
  return store.graph.addInitializer(rawTensor(store.name('w'), 'int4', dims, bytes))
}

/** Kernels want int8: the runtime folds the Cast when it loads the model, before it looks for kernels. */
function widened(store: ConstantStore, stored: Value, reader: Node): Value {
  const to = intAttribute('to', DATA_TYPES.int8.code)
  const cast = makeNode('Cast', [stored], [store.name('c')], [to])
  cast.name = ''
  store.graph.insertBefore(cast, reader)
  const wide = cast.output(0)
  if (wide === null) throw new Error('a Cast has one output')
  return wide
}

/** b ≈ s_x·s_w·q with the scales that input and weight have now. */
function writeBias(store: ConstantStore, { reader, restorer }: BiasQuantizer, bias: Float32Array) {
  const scales = (index: number): Float32Array => {
    const tensor = reader.input(index)?.producer?.input(1)?.constant
    return tensor ? floatValues(tensor) : Float32Array.of(1)
  }
  const input = scales(0)[0] ?? 1
  const products = scales(1).map((scale) => scale * input)
  const dims = restorer.input(0)?.constant?.dims ?? []
  const channels = dims[0] ?? bias.length
  const integers = Int32Array.from({ length: channels }, (_, index) => {
    const value = bias[bias.length === 1 ? 0 : index] ?? 0
    const level = Math.round(value / (products[products.length === 1 ? 0 : index] ?? 1))
    return Math.max(-BIAS_LIMIT, Math.min(BIAS_LIMIT, level))
  })
  restorer.setInput(0, store.int32(integers, dims))
  setScale(store, restorer, products)
}
