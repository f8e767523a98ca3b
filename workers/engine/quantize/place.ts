// Which nodes compute on integers. A placement is a whole answer; several are made, timed against the float model, and the
// best one kept (choose-candidate).

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { nodeCosts, tensorCost } from './kernel-costs.ts'
import { cutNodes } from './min-cut.ts'
import type { IntegerSite, QuantizationSites } from './quantization-sites.ts'
import { resultOf } from './quantization-sites.ts'

export const PLACEMENTS = [
  'cost-plan',
  'all-but-first',
  'products-only',
  'products-dynamic',
  'weights-only',
] as const
export type PlacementName = (typeof PLACEMENTS)[number] | 'whole'

/** Inputs of its products are quantized while running: no quantizers are placed (build-dynamic-candidate). */
export type StaticPlacementName = Exclude<PlacementName, 'products-dynamic'>

export interface Placement {
  readonly name: StaticPlacementName
  readonly integer: ReadonlySet<Node>
  /** Nodes between integer nodes that pass integers on. */
  readonly carriers: ReadonlySet<Node>
}

/**
 * `weights-only`: everything computes in float, weights are stored as integers. `all-but-first`: every integer kernel
 * but convolutions of images. `products-only`: matrix products with a constant weight, for models that convolve nothing
 * (transformers). `cost-plan`: the cheapest placement by the kernels' cost table. `whole`: every integer kernel, for runtimes
 * that what stays in float leaves.
 */
export function place(
  name: StaticPlacementName,
  model: Model,
  sites: QuantizationSites,
): Placement {
  const flow = new Flow(sites)
  if (name === 'weights-only') return { name, integer: new Set(), carriers: new Set() }
  if (name === 'whole') return flow.whole()
  const open = [...sites.integer].filter(([node, site]) => !readsImage(node, site))
  if (name === 'products-only') {
    const products = open.filter(([, site]) => site.weight !== 'none')
    const isTransformer = !products.some(([node, site]) => weightRank(node, site) > 2)
    return flow.settle(name, new Set(isTransformer ? products.map(([node]) => node) : []))
  }
  if (name === 'all-but-first') return flow.settle(name, new Set(open.map(([node]) => node)))
  const chosen = cheapest(model, sites, new Map(open), flow)
  for (const [node, site] of open) {
    // The runtime fuses a float node between two quantizers into an integer kernel anyway.
    const isEnclosed = site.weight !== 'none' && flow.isEnclosed(node, site, chosen)
    if (isEnclosed) chosen.add(node)
  }
  return flow.settle(name, chosen)
}

/** The same integer nodes in a graph that has got more nodes between them. */
export function withCarriers({ name, integer }: Placement, sites: QuantizationSites): Placement {
  return { name, integer, carriers: new Flow(sites).joined(integer) }
}

function weightRank(node: Node, { weight }: IntegerSite): number {
  return weight === 'none' ? 0 : (node.input(weight)?.constant?.dims.length ?? 0)
}

/** A convolution of up to 4 input channels gains nothing from integers: int8 im2col costs more than it saves. */
function readsImage(node: Node, { weight }: IntegerSite): boolean {
  const dims = weight === 'none' ? null : node.input(weight)?.constant?.dims
  if (!dims || dims.length < 3) return false
  return (dims[1] ?? 1) * node.int('group', 1) <= 4
}

/** Who makes and who reads activations, seen past the activations that integer nodes absorb. */
class Flow {
  readonly #sites: QuantizationSites
  readonly #makers = new Map<Value, Node>()

  constructor(sites: QuantizationSites) {
    this.#sites = sites
    for (const [node, site] of sites.integer) {
      const result = resultOf(node, site)
      if (result !== null) this.#makers.set(result, node)
    }
  }

  maker(value: Value | null): Node | null {
    return value === null ? null : (this.#makers.get(value) ?? value.producer)
  }

  isEnclosed(node: Node, site: IntegerSite, chosen: ReadonlySet<Node>): boolean {
    const result = resultOf(node, site)
    const before = site.activations.every((index) => this.#isInteger(node.input(index), chosen))
    const readers = result?.consumers() ?? []
    return before && readers.length > 0 && readers.every((reader) => chosen.has(reader))
  }

  #isInteger(value: Value | null, chosen: ReadonlySet<Node>): boolean {
    const maker = this.maker(value)
    return maker !== null && chosen.has(maker)
  }

  whole(): Placement {
    const integer = new Set(this.#sites.integer.keys())
    return { name: 'whole', integer, carriers: this.joined(integer) }
  }

  joined(integer: ReadonlySet<Node>): Set<Node> {
    const all = new Set(integer)
    const carriers = new Set<Node>()
    for (const node of this.#sites.carriers) {
      const leavesGraph = node.outputs.some((value) => value?.isGraphOutput ?? false)
      if (leavesGraph || !this.#isInteger(node.input(0), all)) continue
      carriers.add(node)
      all.add(node)
    }
    return carriers
  }

  /**
   * Carriers join where their input is an integer already. Integer nodes without weights leave unless they lie between
   * integer nodes in front of a layer: alone they only add quantizers.
   */
  settle(name: StaticPlacementName, wanted: ReadonlySet<Node>): Placement {
    const integer = new Set([...wanted].filter((node) => this.#sites.integer.has(node)))
    for (;;) {
      const carriers = this.joined(integer)
      const all = new Set([...integer, ...carriers])
      const feeds = this.#feedingLayers(integer)
      const lone = [...integer].filter((node) => !this.#pays(node, all, feeds))
      if (lone.length === 0) {
        return { name: integer.size === 0 ? 'weights-only' : name, integer, carriers }
      }
      for (const node of lone) integer.delete(node)
    }
  }

  /** Nodes that lead to an integer node with weights. */
  #feedingLayers(integer: ReadonlySet<Node>): Set<Node> {
    const feeding = new Set<Node>()
    const open = [...integer].filter((node) => this.#sites.integer.get(node)?.weight !== 'none')
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const value of node.inputs) {
        const maker = value?.producer ?? null
        if (maker === null || feeding.has(maker)) continue
        feeding.add(maker)
        open.push(maker)
      }
    }
    return feeding
  }

  #pays(node: Node, all: ReadonlySet<Node>, feeding: ReadonlySet<Node>): boolean {
    const site = this.#sites.integer.get(node)
    if (site === undefined) return false
    if (site.weight !== 'none') return true
    // Behind the last layer nothing is gained: results would be rounded once more.
    if (!feeding.has(node)) return false
    const variables = site.activations.filter((index) => node.input(index)?.constant == null)
    const readers = resultOf(node, site)?.consumers() ?? []
    return (
      variables.some((index) => this.#isInteger(node.input(index), all)) &&
      variables.every((index) => this.#isQuantized(node.input(index), node, all)) &&
      readers.some((reader) => all.has(reader))
    )
  }

  /** Made on integers, or quantized for another reader. */
  #isQuantized(value: Value | null, reader: Node, all: ReadonlySet<Node>): boolean {
    if (this.#isInteger(value, all)) return true
    return value?.consumers().some((other) => other !== reader && all.has(other)) ?? false
  }
}

function cheapest(
  model: Model,
  sites: QuantizationSites,
  open: ReadonlyMap<Node, IntegerSite>,
  flow: Flow,
): Set<Node> {
  const absorbed = new Set([...open.values()].map((site) => site.absorbed?.node ?? null))
  const units = [...model.graph.nodes()].filter((node) => !absorbed.has(node))
  const indexOf = new Map(units.map((node, index) => [node, index]))
  const costs = units.map((node) => nodeCosts(node, open.get(node) ?? null, sites))
  const tensors = units.flatMap((node, maker) => {
    const site = open.get(node)
    const results = site === undefined ? node.outputs : [resultOf(node, site)]
    return results.flatMap((value) => (value === null ? [] : [tensor(value, maker)]))
  })
  for (const value of model.graph.inputs) tensors.push(tensor(value, null))
  const followers = units.flatMap((node, index) => {
    if (!sites.carriers.has(node)) return []
    const maker = flow.maker(node.input(0))
    return [{ node: index, leader: maker === null ? null : (indexOf.get(maker) ?? null) }]
  })
  const onIntegers = cutNodes(costs, tensors, followers)
  return new Set(units.filter((node, index) => onIntegers[index] && !sites.carriers.has(node)))

  function tensor(value: Value, maker: number | null) {
    const readers = value.consumers().map((reader) => indexOf.get(reader) ?? null)
    if (value.isGraphOutput) readers.push(null)
    return { maker, readers, cost: tensorCost(value, sites.facts) }
  }
}
