// The quantizers of a model that static quantization has written, and what they stand for in the float model it was made from.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Use } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'
import { opRule } from '../../ops/registry.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { WeightLayout } from '../quantize-weight.ts'
import type { QuantizationSites } from '../quantization-sites.ts'

/** Quantizers that share a scale, since what lies between them moves integers untouched. */
export interface ActivationQuantizer {
  /** Of the first value that it quantizes. */
  readonly name: string
  readonly quantizers: readonly Node[]
  readonly scale: number
  readonly zeroPoint: number
  /** The operator lays down what its output's integers mean. */
  readonly isFixed: boolean
}

/** A weight in integers and the nodes that turn them back: DequantizeLinear, or the Mul behind a Cast. */
export interface WeightQuantizer {
  /** The initializer of the float model. */
  readonly name: string
  readonly layout: WeightLayout
  readonly scales: Float32Array
  readonly restorers: readonly Node[]
  /** Names of the nodes that read it. */
  readonly readers: readonly string[]
}

/** An int32 bias: its scale is that of the input times that of the weight. */
export interface BiasQuantizer {
  /** The initializer of the float model. */
  readonly name: string
  readonly reader: Node
  readonly index: number
  readonly restorer: Node
}

export interface Quantizers {
  readonly activations: readonly ActivationQuantizer[]
  readonly weights: readonly WeightQuantizer[]
  readonly biases: readonly BiasQuantizer[]
}

/** `float`: what `quantized` was made from; `sites`: of it. */
export function findQuantizers(
  quantized: Model,
  float: Model,
  sites: QuantizationSites,
): Quantizers {
  const origins = new Origins(float)
  const weights = new Map<string, WeightQuantizer>()
  const biases: BiasQuantizer[] = []
  for (const node of quantized.graph.nodes()) {
    const stored = storedIntegers(node)
    const [use] = node.output(0)?.uses ?? []
    if (stored === null || use === undefined) continue
    const name = origins.nameOf(use)
    if (name === null) continue
    if (stored.dtype === 'int32') {
      biases.push({ name, reader: use.node, index: use.index, restorer: node })
      continue
    }
    const layout = layoutOf(node, stored.dims)
    const key = `${name} ${layout.axis}`
    const known = weights.get(key)
    const scale = node.input(1)?.constant
    if (!scale) continue
    weights.set(key, {
      name,
      layout,
      scales: floatValues(scale),
      restorers: [...(known?.restorers ?? []), node],
      readers: [...(known?.readers ?? []), ...readersOf(node)],
    })
  }
  return {
    activations: activationQuantizers(quantized, nodesOfFixedRange(sites)),
    weights: [...weights.values()],
    biases,
  }
}

/** What a node reads in the float model at the place where a use is. */
class Origins {
  readonly #nodes: ReadonlyMap<string, Node>

  constructor(float: Model) {
    this.#nodes = new Map([...float.graph.nodes()].map((node) => [labelOf(node), node]))
  }

  nameOf({ node, index }: Use): string | null {
    const value = this.#nodes.get(labelOf(node))?.input(index)
    return value?.constant?.dtype === 'float32' ? value.name : null
  }
}

/** The integers that a DequantizeLinear, or a Mul behind a Cast, turns into numbers; `null` for any other node. */
function storedIntegers(node: Node) {
  if (node.is('DequantizeLinear')) {
    const tensor = node.input(0)?.constant ?? null
    return tensor?.dtype === 'int8' || tensor?.dtype === 'int32' ? tensor : null
  }
  const cast = node.is('Mul') ? (node.input(0)?.producer ?? null) : null
  const tensor = cast?.is('Cast') === true ? (cast.input(0)?.constant ?? null) : null
  return tensor?.dtype === 'int8' ? tensor : null
}

function layoutOf(node: Node, dims: readonly number[]): WeightLayout {
  const scale = node.input(1)?.constant
  const own = scale?.dims ?? []
  if (own.every((dim) => dim === 1)) return { dims, axis: 'none' }
  const axis = node.is('Mul') ? own.findIndex((dim) => dim > 1) : node.int('axis', 1)
  return { dims, axis }
}

function readersOf(node: Node): string[] {
  return node.output(0)?.consumers().map(labelOf) ?? []
}

/** Names of nodes whose results lie in an interval that the operator lays down. */
function nodesOfFixedRange(sites: QuantizationSites): ReadonlySet<string> {
  const nodes = [...sites.integer].filter(([, { kernel, gate }]) => {
    return kernel.outputRange !== 'observed' || gate !== null
  })
  return new Set(nodes.map(([node]) => labelOf(node)))
}

function activationQuantizers({ graph }: Model, fixed: ReadonlySet<string>): ActivationQuantizer[] {
  const groups = new Map<Node, Node[]>()
  for (const node of graph.nodes()) {
    if (!node.is('QuantizeLinear')) continue
    const before = carriedFrom(node)
    const group = (before === null ? undefined : groups.get(before)) ?? []
    group.push(node)
    groups.set(node, group)
  }
  return [...new Set(groups.values())].flatMap((quantizers) => {
    const [first] = quantizers
    const [value, scale, zero] = [first?.input(0), first?.input(1), first?.input(2)]
    if (!value || !scale?.constant || !zero?.constant) return []
    return [
      {
        name: value.name,
        quantizers,
        scale: floatValues(scale.constant)[0] ?? 1,
        zeroPoint: floatValues(zero.constant)[0] ?? 0,
        isFixed: quantizers.some((node) => {
          const maker = node.input(0)?.producer ?? null
          return maker !== null && fixed.has(labelOf(maker))
        }),
      },
    ]
  })
}

/** The quantizer of the same scale whose integers a carrier moved to this one. */
export function carriedFrom(quantizer: Node): Node | null {
  const carrier = quantizer.input(0)?.producer ?? null
  const rule = carrier === null ? 'unknown' : opRule(carrier)
  if (carrier === null || rule === 'unknown' || rule.quantization !== 'carries') return null
  const restorer = carrier.input(0)?.producer ?? null
  const before = restorer?.is('DequantizeLinear') === true ? restorer.input(0)?.producer : null
  if (before?.is('QuantizeLinear') !== true) return null
  return scaleOf(before) === scaleOf(quantizer) ? before : null
}

/** Of a QuantizeLinear or DequantizeLinear with one scale. */
export function scaleOf(node: Node): number {
  const tensor = node.input(1)?.constant
  return tensor ? (floatValues(tensor)[0] ?? 1) : 1
}
