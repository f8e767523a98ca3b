// Activations whose channels may be scaled without changing what the model computes: made by one layer, read by layers that undo
// the scale, with nothing between but what keeps it.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { opRule } from '../ops/registry.ts'
import type { IntegerSite, QuantizationSites } from './quantization-sites.ts'
import { resultOf } from './quantization-sites.ts'

export interface Layer {
  readonly node: Node
  readonly site: IntegerSite
  readonly weight: Value
}

export interface EqualizationPair {
  readonly maker: Layer
  /** Every reader of the activation. */
  readonly readers: readonly Layer[]
  /** What the makers' activation is cut at; Infinity where it is not. */
  readonly bound: number
  readonly value: Value
  readonly channels: 1 | -1
}

export function equalizationPairs(sites: QuantizationSites): EqualizationPair[] {
  const pairs: EqualizationPair[] = []
  for (const [node, site] of sites.integer) {
    const maker = layerOf(node, site)
    const value = resultOf(node, site)
    if (maker === null || value === null || site.kernel.weight === 'none') continue
    const { low, high } = site.absorbed?.bounds ?? { low: -Infinity, high: Infinity }
    if (low !== 0 && low !== -Infinity) continue
    const readers = readersOf(value, sites)
    if (readers === null || readers.length === 0) continue
    pairs.push({ maker, readers, bound: high, value, channels: site.kernel.weight.channels })
  }
  return pairs
}

/** A layer whose weight is its own; `null` for others. */
export function layerOf(node: Node, site: IntegerSite): Layer | null {
  if (site.weight === 'none' || site.kernel.weight === 'none') return null
  const weight = node.input(site.weight)
  const bias = site.kernel.bias === 'none' ? null : node.input(site.kernel.bias)
  if (weight === null || weight.constant === null || weight.uses.size !== 1) return null
  const { dims } = weight.constant
  const axis = site.kernel.weight.channelAxis(node, dims.length)
  if (axis === 'none') return null
  const isOwn = bias === null || (bias.uses.size === 1 && bias.constant?.dims.at(-1) === dims[axis])
  if (!isOwn) return null
  return { node, site, weight }
}

/** All that read the value, seen through what only moves maxima; `null` when one of them does not undo a scale. */
function readersOf(value: Value, sites: QuantizationSites): Layer[] | null {
  if (value.isGraphOutput) return null
  const readers: Layer[] = []
  for (const { node, index } of value.uses) {
    const site = sites.integer.get(node)
    if (site !== undefined) {
      const layer = layerOf(node, site)
      const slot = site.kernel.weight
      if (layer === null || slot === 'none' || index !== 0) return null
      if (slot.inputAxis(node, layer.weight.constant?.dims ?? []) === 'none') return null
      readers.push(layer)
      continue
    }
    const beyond = keepsScale(node) ? node.output(0) : null
    const further = beyond === null ? null : readersOf(beyond, sites)
    if (further === null) return null
    readers.push(...further)
  }
  return readers
}

/** Pooling that picks elements of one channel. */
function keepsScale(node: Node): boolean {
  const rule = opRule(node)
  const isCarrier = rule !== 'unknown' && rule.quantization === 'carries'
  return isCarrier && node.ints('kernel_shape') !== null && node.output(1) === null
}
