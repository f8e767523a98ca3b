// Where a model can compute on integers: what the registry says of each node, once its operands have been looked at.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { IntegerKernel, QuantizationRule } from '../ops/integer-kernel.ts'
import { opRule } from '../ops/registry.ts'
import { float32Constant, scalarConstant } from '../rewrite/constants.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { soleConsumer } from '../rewrite/sole-consumer.ts'
import type { ActivationType } from './activation-type.ts'
import { ACTIVATION_LEVELS } from './activation-type.ts'
import type { Range } from './quantize-result.ts'
import type { SaturatingGate } from './saturating-gate.ts'
import { SATURATING_GATE_KERNEL, saturatingGate } from './saturating-gate.ts'
import type { StaticOptions } from './static-options.ts'
import type { QuantizationTarget } from './targets/target.ts'
import { TARGETS } from './targets/targets.ts'

export interface IntegerSite {
  readonly kernel: IntegerKernel
  /** The input that is a constant weight, or `none`. */
  readonly weight: number | 'none'
  /** Inputs that take a quantizer. */
  readonly activations: readonly number[]
  /** The Relu or Clip behind it that the output's quantizer replaces, and the interval it cuts to. */
  readonly absorbed: { readonly node: Node; readonly bounds: Range } | null
  /** Its output's saturation computes it; `null` for operators with a kernel of their own. */
  readonly gate: SaturatingGate | null
}

type SiteRules = Pick<StaticOptions, 'target' | 'activations'>

/** What the operators of the registry compute on. */
const REGISTRY: QuantizationTarget = { ...TARGETS.host, kernels: {} }

export interface QuantizationSites {
  readonly facts: TypeInference
  readonly integer: ReadonlyMap<Node, IntegerSite>
  /** Nodes that move integers untouched: the first input's elements go to the outputs. */
  readonly carriers: ReadonlySet<Node>
  readonly declined: readonly Declined[]
}

/**
 * Main graph only: a subgraph runs in float. `rules`: what has kernels, and for which integers. `excluded`: names of nodes that stay in float; `unbounded`: names of values
 * that have no range.
 */
export function findSites(
  model: Model,
  excluded: ReadonlySet<string>,
  unbounded: ReadonlySet<string> = new Set(),
  rules: SiteRules | 'registry' = 'registry',
): QuantizationSites {
  const facts = inferTypes(model)
  const target = rules === 'registry' ? REGISTRY : TARGETS[rules.target]
  const type = rules === 'registry' ? 'uint8' : rules.activations
  const integer = new Map<Node, IntegerSite>()
  const carriers = new Set<Node>()
  const declined: Declined[] = []
  const decline = (node: Node, reason: string): void => {
    declined.push({ rule: 'integer-kernel', node: labelOf(node), reason })
  }
  for (const node of model.graph.nodes()) {
    const quantization = quantizationOf(node, target)
    if (quantization === 'float' || excluded.has(labelOf(node))) continue
    if (quantization === 'carries') {
      const touched = [node.input(0), ...node.outputs]
      const isBounded = !touched.some((value) => value !== null && unbounded.has(value.name))
      if (isBounded && isFloat32(node.input(0), facts)) carriers.add(node)
      continue
    }
    const site = siteOf(node, quantization, facts, type)
    if (typeof site === 'string') decline(node, site)
    else if (touches(node, site, unbounded)) decline(node, 'a value it touches is infinite')
    else integer.set(node, site)
  }
  for (const node of model.graph.allNodes()) {
    if (node.graph !== model.graph && hasKernel(node)) decline(node, 'it lies inside a subgraph')
  }
  return { facts, integer, carriers, declined }
}

function quantizationOf(node: Node, target: QuantizationTarget): QuantizationRule {
  const { operators, gates, kernels } = target
  if (operators !== 'registry' && !operators.has(node.opType)) return 'float'
  const operator = node.is() ? node.opType : `${node.domain}.${node.opType}`
  if (gates && saturatingGate(node) !== null) return SATURATING_GATE_KERNEL
  const rule = opRule(node)
  const own = rule === 'unknown' ? 'float' : rule.quantization
  return own === 'float' ? (kernels[operator] ?? 'float') : own
}

function touches(node: Node, site: IntegerSite, names: ReadonlySet<string>): boolean {
  const values = [...site.activations.map((index) => node.input(index)), resultOf(node, site)]
  return values.some((value) => value !== null && names.has(value.name))
}

function hasKernel(node: Node): boolean {
  const rule = opRule(node)
  return rule !== 'unknown' && rule.quantization !== 'float' && rule.quantization !== 'carries'
}

function isFloat32(value: Value | null, facts: TypeInference): boolean {
  const type = value === null ? null : facts.type(value)
  return type?.kind === 'tensor' && type.dtype === 'float32'
}

function siteOf(
  node: Node,
  kernel: IntegerKernel,
  facts: TypeInference,
  type: ActivationType,
): IntegerSite | string {
  const verdict = kernel.accepts(node, facts)
  if (verdict !== 'yes') return verdict
  const slot = kernel.weight === 'none' ? null : kernel.weight.input
  const weight = slot !== null && node.input(slot)?.constant != null ? slot : 'none'
  const inputs =
    kernel.activations === 'all' ? node.inputs.map((_, index) => index) : kernel.activations
  const activations = inputs.filter((index) => index !== weight && node.input(index) !== null)
  if (slot !== null && weight === 'none' && !inputs.includes(slot)) {
    return 'its weight is computed, not constant'
  }
  for (const index of weight === 'none' ? activations : [...activations, weight]) {
    if (!isFloat32(node.input(index), facts)) return 'an operand is not float32'
  }
  if (activations.every((index) => node.input(index)?.constant != null)) {
    return 'it reads constants only'
  }
  const bias = kernel.bias === 'none' ? null : node.input(kernel.bias)
  if (bias !== null && float32Constant(bias) === null) return 'its bias is computed, not constant'
  if (bias !== null && weight === 'none') return 'it has a bias, but no constant weight'
  const site: IntegerSite = {
    kernel,
    weight,
    activations,
    // Integers that go below zero whatever the range cut nothing off.
    absorbed: ACTIVATION_LEVELS[type].isSymmetric ? null : absorbedActivation(node, kernel),
    gate: saturatingGate(node),
  }
  return biasFits(node, site) ? site : 'its bias is not one number per output channel'
}

function absorbedActivation(node: Node, kernel: IntegerKernel): IntegerSite['absorbed'] {
  const next = soleConsumer(node.output(0))
  if (next === null || next.graph !== node.graph || !next.is(...kernel.fusesActivation)) return null
  if (kernel.fusesActivation.length === 0 || next.input(0) !== node.output(0)) return null
  const bounds = boundsOf(next)
  return bounds === null ? null : { node: next, bounds }
}

/** The interval a Relu or Clip cuts to, when it holds 0, which every quantizer represents. */
function boundsOf(node: Node): Range | null {
  if (node.is('Relu')) return { low: 0, high: Infinity }
  const low = node.input(1) === null ? node.float('min', -Infinity) : scalarConstant(node.input(1))
  const high = node.input(2) === null ? node.float('max', Infinity) : scalarConstant(node.input(2))
  if (low === null || high === null || low > 0 || high < 0) return null
  return { low, high }
}

/** Whether the bias has one element per output channel, or one for all. */
function biasFits(node: Node, site: IntegerSite): boolean {
  const { weight, bias } = site.kernel
  if (site.weight === 'none' || weight === 'none' || bias === 'none') return true
  const dims = node.input(site.weight)?.constant?.dims ?? []
  const tensor = node.input(bias)?.constant
  if (!tensor) return true
  const axis = weight.channelAxis(node, dims.length)
  const channels = axis === 'none' ? 1 : dims[axis]
  const size = tensorSize(tensor)
  return size === 1 || (size === channels && tensor.dims.at(-1) === channels)
}

/** Where the result of an integer node is written: behind the activation that it absorbs. */
export function resultOf(node: Node, site: IntegerSite): Value | null {
  return site.absorbed === null ? node.output(0) : site.absorbed.node.output(0)
}
