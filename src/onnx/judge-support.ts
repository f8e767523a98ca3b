// What each kind of step can do with a model, told from the words of its operators.

import type { DataType } from './ir/data-type.ts'
import type { Graph } from './ir/graph.ts'
import type { Model } from './ir/model.ts'
import type { Node } from './ir/node.ts'
import type { Value } from './ir/value.ts'
import { operatorKey } from './operators/constant-roles.ts'
import { OP_SUPPORT } from './operators/op-support.ts'
import { attentionLimit } from './operators/attention-limit.ts'
import { recurrentLimit } from './operators/recurrent-activations.ts'
import { functionKey, graphScopes } from './verify/scopes.ts'
import type { WeightTensor } from './weight-tensors.ts'

export interface StepSupport {
  readonly supported: boolean
  readonly notes: string[]
}

export interface ModelSupport {
  readonly quantize: StepSupport
  readonly prune: StepSupport
  readonly distill: StepSupport
}

/** Nodes named in one note; the rest is counted. */
const NAMED = 5

/** @param weights those of the model, by weightTensors */
export function judgeSupport(model: Model, weights: readonly WeightTensor[]): ModelSupport {
  const nodes = computingNodes(model)
  return {
    quantize: judgeQuantize(nodes, weights),
    prune: judgePrune(nodes, weights),
    distill: judgeDistill(model, weights),
  }
}

/** Nodes that compute something: constants do not, and calls of functions stand for what is in their bodies. */
function computingNodes(model: Model): Node[] {
  const functions = functionKeys(model)
  const nodes: Node[] = []
  for (const { graph } of graphScopes(model)) {
    for (const node of graph.nodes()) {
      if (!node.is('Constant') && !functions.has(keyOf(node))) nodes.push(node)
    }
  }
  return nodes
}

function functionKeys(model: Model): Set<string> {
  return new Set(
    model.functions.map(({ domain, name, overload }) => functionKey(domain, name, overload)),
  )
}

function keyOf(node: Node): string {
  return functionKey(node.domain, node.opType, node.overload)
}

function supportOf(node: Node) {
  return OP_SUPPORT.get(operatorKey(node))
}

const QUANTIZED: ReadonlySet<string> = new Set([
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'QLinearConv',
  'QLinearMatMul',
  'MatMulInteger',
  'ConvInteger',
  'com.microsoft.MatMulNBits',
  'com.microsoft.GatherBlockQuantized',
])

function judgeQuantize(nodes: readonly Node[], weights: readonly WeightTensor[]): StepSupport {
  const quantized = nodes.filter((node) => QUANTIZED.has(operatorKey(node)))
  if (quantized.length > 0) return refused(`the model is quantized already: ${listed(quantized)}`)
  const integer = nodes.filter((node) => supportOf(node)?.quantization === 'integer')
  if (integer.length === 0) return refused('no operator of the model has an integer kernel')
  const notes = weights.length === 0 ? ['the model has no weights that could become smaller'] : []
  return { supported: true, notes }
}

function judgePrune(nodes: readonly Node[], weights: readonly WeightTensor[]): StepSupport {
  const isFloat = weights.some(({ quantizedBy }) => quantizedBy === 'none')
  if (weights.length === 0) return refused('the model has no weights')
  if (!isFloat) return refused('the weights are quantized already; prune before quantizing')
  const frozen = nodes.filter((node) => (supportOf(node)?.axes ?? 'opaque') === 'opaque')
  return {
    supported: true,
    notes: frozen.length === 0 ? [] : [`channels next to these stay whole: ${listed(frozen)}`],
  }
}

/** Of weights; float16 is float32 while it is trained. */
const TRAINED_TYPES: readonly DataType[] = ['float32', 'float16']

/** Training needs a gradient for every node between a floating-point weight and the outputs. */
function judgeDistill(model: Model, weights: readonly WeightTensor[]): StepSupport {
  const plain = weights.filter(({ quantizedBy }) => quantizedBy === 'none')
  if (plain.length === 0) return refused('the model has no floating-point weights to train')
  const trained = plain.filter(({ tensor }) => TRAINED_TYPES.includes(tensor.dtype))
  if (trained.length === 0) {
    return refused(
      `weights are trained in float32, and stored so or in float16; those of the model are ${typesOf(plain)}`,
    )
  }
  const { blocked, stopped, reachesOutput } = new TrainingPaths(model, trained)
  if (blocked.length > 0) return refused(`no gradient is defined for ${listed(blocked)}`)
  if (reachesOutput) return { supported: true, notes: [] }
  const stops = stopped.length === 0 ? '' : `: ${listed(stopped)} has no gradient`
  return refused(`no output depends on the weights in a way that can be trained${stops}`)
}

function typesOf(weights: readonly WeightTensor[]): string {
  return [...new Set(weights.map(({ tensor }) => tensor.dtype))].join(', ')
}

/** Follows what depends on trained weights until nodes that stop gradients quietly. */
class TrainingPaths {
  readonly blocked: Node[] = []
  /** Nodes whose gradient is 0. */
  readonly stopped: Node[] = []
  readonly reachesOutput: boolean
  readonly #dependent = new Set<Value>()
  readonly #functions: ReadonlySet<string>

  constructor(model: Model, trained: readonly WeightTensor[]) {
    this.#functions = functionKeys(model)
    for (const { value } of trained) this.#dependent.add(value)
    this.#walk(model.graph)
    this.reachesOutput = model.graph.outputs.some((value) => this.#dependent.has(value))
    for (const { body } of model.functions) {
      // What a caller hands in may depend on its weights.
      for (const value of body.inputs) this.#dependent.add(value)
      this.#walk(body)
    }
  }

  #walk(graph: Graph): void {
    for (const node of graph.nodes()) {
      if (!this.#reads(node)) continue
      const gradient = this.#functions.has(keyOf(node))
        ? 'defined'
        : (supportOf(node)?.gradient ?? 'none')
      if (gradient === 'zero') {
        this.stopped.push(node)
        continue
      }
      const limit = recurrentLimit(node) ?? attentionLimit(node)
      if (gradient === 'none' || limit !== null) this.blocked.push(node)
      for (const value of node.outputs) if (value !== null) this.#dependent.add(value)
    }
  }

  /** Reads a dependent value itself, or in one of the graphs inside it. */
  #reads(node: Node): boolean {
    const isDependent = (value: Value | null) => value !== null && this.#dependent.has(value)
    if (node.inputs.some(isDependent)) return true
    return node.subgraphs().some((graph) => [...graph.nodes()].some((inner) => this.#reads(inner)))
  }
}

function refused(note: string): StepSupport {
  return { supported: false, notes: [note] }
}

function listed(nodes: readonly Node[]): string {
  const names = nodes.slice(0, NAMED).map((node) => node.describe())
  const more = nodes.length - names.length
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
