// SmoothQuant: channels of what matrix products read are divided by s_j = √(max|X_j| / max|W_j|), rows of their weights multiplied,
// so that outlying channels no longer set the range of all. The division goes into the normalization that makes the activation,
// or else is a product of its own.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import { tensorSize, typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { opRule } from '../ops/registry.ts'
import { FreshNames } from '../rewrite/fresh-names.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { channelMaxima } from './channel-maxima.ts'
import type { Layer } from './equalization-pairs.ts'
import { layerOf } from './equalization-pairs.ts'
import { inputMaxima, replaceConstant, scaleReader } from './layer-scaling.ts'
import type { QuantizationSites } from './quantization-sites.ts'
import { findSites } from './quantization-sites.ts'

/** A product of its own pays only where the largest channel is so many times the median one. */
const OUTLIER = 10

const LEAST = 1e-5

interface ProductGroup {
  readonly value: Value
  readonly readers: readonly Layer[]
  /** Inputs of the maker that scale its output's channels; `null` where the division needs a node. */
  readonly fold: readonly Value[] | null
}

/** What names of nodes that divide begin with. */
const PREFIX = 'smooth_quant_'

/** Nodes that divide: they stay in float, since factors of very different size lose all digits as integers. */
export function smoothingNodes(model: Model): string[] {
  return [...model.graph.nodes()].map(labelOf).filter((name) => name.startsWith(PREFIX))
}

/** Changes the model in place. Gives the names of the activations that were smoothed. */
export async function smoothQuant(
  model: Model,
  excluded: ReadonlySet<string>,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<string[]> {
  const groups = productGroups(findSites(model, excluded))
  const requests = groups.map(({ value }) => ({ name: value.name, channels: -1 }) as const)
  const maxima = await channelMaxima(model, requests, feeds, runtime, threads)
  const names = new FreshNames(model)
  const smoothed: string[] = []
  for (const group of groups) {
    const own = maxima.get(group.value.name)
    if (own === undefined || (group.fold === null && !hasOutliers(own))) continue
    const scales = smoothingScales(own, group.readers)
    smoothed.push(group.value.name)
    divide(model, group, scales, names)
    for (const reader of group.readers) {
      scaleReader(
        reader,
        scales.map((scale) => 1 / scale),
      )
    }
  }
  return smoothed
}

/** Activations that products with a weight of their own read. */
function productGroups(sites: QuantizationSites): ProductGroup[] {
  const readers = new Map<Value, Layer[]>()
  for (const [node, site] of sites.integer) {
    const layer = layerOf(node, site)
    const slot = site.kernel.weight
    const value = node.input(0)
    if (layer === null || slot === 'none' || slot.channels !== -1) continue
    if (value === null || value.constant !== null || value.producer === null) continue
    if (slot.inputAxis(node, layer.weight.constant?.dims ?? []) === 'none') continue
    readers.set(value, [...(readers.get(value) ?? []), layer])
  }
  return [...readers].map(([value, layers]) => {
    const isTheirs = !value.isGraphOutput && value.uses.size === layers.length
    return { value, readers: layers, fold: isTheirs ? foldable(value.producer) : null }
  })
}

function foldable(producer: Node | null): Value[] | null {
  const rule = producer === null ? 'unknown' : opRule(producer)
  if (rule === 'unknown' || rule.affine === 'none') return null
  const values = rule.affine.flatMap((index) => producer?.input(index) ?? [])
  const isOwn = values.every(
    ({ constant, uses }) => constant?.dtype === 'float32' && uses.size === 1,
  )
  return values.length > 0 && isOwn ? values : null
}

function hasOutliers(maxima: Float64Array): boolean {
  const sorted = maxima.toSorted()
  return (sorted.at(-1) ?? 0) > OUTLIER * (sorted[Math.floor(sorted.length / 2)] ?? 0)
}

/** Scaled so that the largest is 1. */
function smoothingScales(maxima: Float64Array, readers: readonly Layer[]): Float32Array {
  const read = readers.map(inputMaxima)
  const wanted = maxima.map((value, channel) => {
    const most = read.reduce((top, of) => Math.max(top, of === 'free' ? 0 : (of[channel] ?? 0)), 0)
    return value > 0 && most > 0 ? Math.sqrt(value / most) : NaN
  })
  const top = wanted.reduce((most, scale) => Math.max(most, Number.isNaN(scale) ? 0 : scale), 0)
  return Float32Array.from(wanted, (scale) =>
    Number.isNaN(scale) || top === 0 ? 1 : Math.max(LEAST, scale / top),
  )
}

function divide(
  model: Model,
  { value, readers, fold }: ProductGroup,
  scales: Float32Array,
  names: FreshNames,
): void {
  const factors = scales.map((scale) => 1 / scale)
  if (
    fold !== null &&
    fold.every(({ constant }) => constant && tensorSize(constant) === scales.length)
  ) {
    for (const parameter of fold) {
      replaceConstant(parameter, (element, index) => element * (factors[index] ?? 1))
    }
    return
  }
  const constant = typedTensor(
    names.make(`${value.name}_smoothing`),
    'float32',
    [factors.length],
    factors,
  )
  const factor = model.graph.addInitializer(constant)
  const output = names.make(`${PREFIX}${value.name}`)
  const product = makeNode('Mul', [value, factor], [output])
  const divided = product.output(0)
  if (value.producer !== null) model.graph.insertAfter(product, value.producer)
  for (const { node } of readers) node.setInput(0, divided)
}
