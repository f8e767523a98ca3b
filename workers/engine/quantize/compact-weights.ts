// Weights of nodes that compute in float, stored in a quarter of the bytes: W = Cast(int8) · scale. Runtimes fold the product once
// at load, so that speed is that of float weights (DequantizeLinear is not folded, and costs a pass over the weights per run).

import { intAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { isSetting } from '#src/onnx/operators/constant-roles'
import { floatValues } from '#src/onnx/tensor-values'
import { opRule } from '../ops/registry.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { ConstantStore } from './constant-store.ts'
import type { QuantizedWeight, WeightLayout } from './quantize-weight.ts'
import { quantizeWeight, weightScales, weightSqnr } from './quantize-weight.ts'

/** Below this many elements, the added nodes and scales eat what is saved. */
const MIN_ELEMENTS = 1024

/** Signal to noise that the integers must keep of a weight, in dB. */
const MIN_SQNR = 30

/** A scale must stand for at least this many elements. */
const MIN_ELEMENTS_PER_SCALE = 8

/** What scales as large as all integers together must gain over fewer, in dB; smaller ones in proportion. */
const PRICE_OF_SCALES = 25

export interface CompactReport {
  readonly tensors: number
  readonly declined: readonly Declined[]
}

/** `excluded`: names of nodes whose weights stay as they are. */
export function compactWeights(
  model: Model,
  store: ConstantStore,
  excluded: ReadonlySet<string>,
): CompactReport {
  const declined: Declined[] = []
  let tensors = 0
  for (const value of Array.from(model.graph.initializers.values())) {
    const tensor = value.constant
    if (tensor === null || tensor.dtype !== 'float32') continue
    if (tensorSize(tensor) < MIN_ELEMENTS || value.uses.size === 0 || value.isGraphOutput) continue
    // A layer of many channels has as many scales: they are what its integers are exact by.
    if ([...value.uses].some((use) => isSetting(use.node, use.index))) continue
    const reader = value.consumers()[0]
    const node = reader === undefined ? null : labelOf(reader)
    if (value.consumers().some((consumer) => excluded.has(labelOf(consumer)))) continue
    const values = floatValues(tensor)
    if (!values.every(Number.isFinite)) {
      declined.push({ rule: 'compact-weights', node, reason: `'${value.name}' is not finite` })
      continue
    }
    const best = bestForm(tensor, values, channelAxis(value))
    if (best === null || best.sqnr < MIN_SQNR) {
      const reason = `int8 would keep ${best === null ? 'nothing' : `${best.sqnr.toFixed(1)} dB`} of '${value.name}'`
      declined.push({ rule: 'compact-weights', node, reason })
      continue
    }
    replace(model, store, value, best)
    tensors += 1
  }
  return { tensors, declined }
}

interface CompactForm {
  readonly layout: WeightLayout
  readonly quantized: QuantizedWeight
  readonly sqnr: number
  /** `sqnr` less what its scales cost. */
  readonly worth: number
}

/** The axis of output channels by the registry; `none` where the operator that reads it names none. */
function channelAxis(value: Value): number | 'none' {
  const [use] = value.uses
  const rule = use === undefined ? 'unknown' : opRule(use.node)
  const kernel = rule === 'unknown' ? 'float' : rule.quantization
  if (use === undefined || kernel === 'float' || kernel === 'carries') return 'none'
  if (kernel.weight === 'none' || kernel.weight.input !== use.index) return 'none'
  return kernel.weight.channelAxis(use.node, value.constant?.dims.length ?? 0)
}

/**
 * Output channels have a scale each: noise in a small one is not outweighed by a large one, since what follows may scale it
 * up. Other tensors: of one scale for all and one per index of an axis, what is worth most.
 */
function bestForm(
  tensor: Tensor,
  values: Float32Array,
  channels: number | 'none',
): CompactForm | null {
  const axes = tensor.dims
    .map((dim, axis) => ({ dim, axis }))
    .filter(({ dim }) => dim > 1 && dim * MIN_ELEMENTS_PER_SCALE <= values.length)
    .map(({ axis }) => axis)
  const tried =
    channels !== 'none' && axes.includes(channels) ? [channels] : ['none' as const, ...axes]
  let best: CompactForm | null = null
  for (const axis of tried) {
    const layout = { dims: tensor.dims, axis }
    const quantized = quantizeWeight(values, layout, weightScales(values, layout, 127))
    const sqnr = weightSqnr(values, layout, quantized)
    const price = (PRICE_OF_SCALES * 4 * quantized.scales.length) / values.length
    const worth = sqnr - price
    if (best === null || worth > best.worth) best = { layout, quantized, sqnr, worth }
  }
  return best
}

function replace(model: Model, store: ConstantStore, value: Value, form: CompactForm): void {
  const { layout, quantized } = form
  const { graph } = model
  const scaleDims = layout.dims.map((dim, axis) => (axis === layout.axis ? dim : 1))
  const integers = store.int8(quantized.values, layout.dims)
  const scale = store.float32(quantized.scales, layout.axis === 'none' ? [] : scaleDims)
  const cast = makeNode(
    'Cast',
    [integers],
    [store.name('c')],
    [intAttribute('to', DATA_TYPES.float32.code)],
  )
  const product = makeNode('Mul', [cast.output(0), scale], [store.name('v')])
  cast.name = ''
  product.name = ''
  const [first] = graph.nodes()
  for (const node of [cast, product]) {
    if (first === undefined) graph.append(node)
    else graph.insertBefore(node, first)
  }
  const restored = product.output(0)
  if (restored === null) throw new Error('a Mul has one output')
  graph.replaceUses(value, restored)
  graph.removeInitializer(value)
}
