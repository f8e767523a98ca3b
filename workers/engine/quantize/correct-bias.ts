// Full bias correction: what quantization adds to the mean of each layer's outputs, Δ = E[y] − E[ŷ] per channel, is put into the
// layer's bias. Layers depend on each other's correction; each is made inside the graph, on the batch at hand, so that one run sees
// every layer behind corrected ones.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../rewrite/copy-model.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sortNodes } from '../rewrite/sort-nodes.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import type { Feeds } from './activation-statistics.ts'
import { GraphStatistics } from './graph-statistics.ts'
import type { IntegerSite, QuantizationSites } from './quantization-sites.ts'
import { phaseCount } from './transposed-convolution.ts'

/** What to add to the bias of each layer, by its label. */
export type BiasCorrections = ReadonlyMap<string, Float64Array>

interface CorrectedLayer {
  readonly label: string
  readonly channels: 1 | -1
  /** Of the weight: that of the output. */
  readonly rank: number
  /** Pixels that a transposed convolution makes of one, side by side in the channels once it is written as a convolution. */
  readonly phases: number
}

/** Layers that have a weight and can have a bias. */
export function biasedLayers(sites: QuantizationSites): CorrectedLayer[] {
  return [...sites.integer].flatMap(([node, site]) => {
    const slot = site.kernel.weight
    const rank = weightRank(node, site)
    if (slot === 'none' || site.kernel.bias === 'none' || rank === null) return []
    return [{ label: labelOf(node), channels: slot.channels, rank, phases: phaseCount(node, site) }]
  })
}

function weightRank(node: Node, { weight }: IntegerSite): number | null {
  return weight === 'none' ? null : (node.input(weight)?.constant?.dims.length ?? null)
}

/** Means of each layer's outputs, batch by batch. */
export interface LayerMeans {
  readonly layers: readonly CorrectedLayer[]
  readonly batches: readonly {
    readonly feeds: Feeds
    readonly means: ReadonlyMap<string, RuntimeTensor>
  }[]
}

/** Of the float model, on these batches, for any number of quantized forms. */
export async function layerMeans(
  float: Model,
  layers: readonly CorrectedLayer[],
  batches: readonly Feeds[],
  runtime: Runtime,
  threads: number,
): Promise<LayerMeans> {
  if (layers.length === 0) return { layers, batches: [] }
  const { model, outputs } = meansOf(float, layers)
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads,
    optimization: 'basic',
    memoryPattern: false,
  })
  try {
    const measured: LayerMeans['batches'][number][] = []
    for (const feeds of batches) {
      const results = await session.run(feeds)
      const means = new Map<string, RuntimeTensor>()
      for (const [label, output] of outputs) {
        const mean = results[output]
        if (mean !== undefined) means.set(label, mean)
      }
      measured.push({ feeds, means })
    }
    return { layers, batches: measured }
  } finally {
    await session.release()
  }
}

/** The quantized model stays as it is. Samples count alike, whatever batch they come in. */
export async function biasCorrections(
  quantized: Model,
  { layers, batches }: LayerMeans,
  runtime: Runtime,
  threads: number,
): Promise<BiasCorrections> {
  const sums = new Map<string, Float64Array>()
  if (layers.length === 0) return sums
  const { model, outputs, targets } = shiftsOf(quantized, layers)
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads,
    optimization: 'basic',
    memoryPattern: false,
    sessionConfig: { 'session.disable_quant_qdq': '1' },
  })
  let samples = 0
  try {
    for (const { feeds, means } of batches) {
      const wanted: Record<string, RuntimeTensor> = {}
      for (const [label, input] of targets) {
        const mean = means.get(label)
        if (mean !== undefined) wanted[input] = mean
      }
      const results = await session.run({ ...feeds, ...wanted })
      const size = Object.values(feeds)[0]?.dims[0] ?? 1
      samples += size
      for (const [label, output] of outputs) {
        const shift = results[output]?.data ?? []
        const sum = sums.get(label) ?? new Float64Array(shift.length)
        for (let index = 0; index < shift.length; index += 1) {
          sum[index] = (sum[index] ?? 0) + size * Number(shift[index])
        }
        sums.set(label, sum)
      }
    }
  } finally {
    await session.release()
  }
  return new Map([...sums].map(([label, sum]) => [label, sum.map((value) => value / samples)]))
}

interface Observed {
  readonly model: Model
  /** Name of the output that holds a layer's figures, by label. */
  readonly outputs: ReadonlyMap<string, string>
}

function meansOf(float: Model, layers: readonly CorrectedLayer[]): Observed {
  const model = copyModel(float)
  const statistics = new GraphStatistics(model)
  const nodes = nodesByLabel(model)
  const outputs = new Map<string, string>()
  const values = layers.flatMap(({ label, channels }) => {
    const value = nodes.get(label)?.output(0) ?? null
    if (value === null) return []
    const mean = statistics.perChannel('ReduceMean', value, channels)
    outputs.set(label, mean.name)
    return [mean]
  })
  model.graph.outputs.splice(0, model.graph.outputs.length, ...values)
  sweepDeadCode(model)
  return { model, outputs }
}

function shiftsOf(
  quantized: Model,
  layers: readonly CorrectedLayer[],
): Observed & { readonly targets: ReadonlyMap<string, string> } {
  const model = copyModel(quantized)
  const { graph } = model
  const statistics = new GraphStatistics(model)
  const nodes = nodesByLabel(model)
  const outputs = new Map<string, string>()
  const targets = new Map<string, string>()
  const shifts: Value[] = []
  for (const { label, channels, rank, phases } of layers) {
    const node = nodes.get(label)
    const value = node?.output(0) ?? null
    if (node === undefined || value === null) continue
    const copies = node.is('Conv') ? phases : 1
    const readers = [...value.uses]
    const target = new Value(statistics.name('target'), tensorType('float32', ['C']))
    target.graph = graph
    graph.inputs.push(target)
    const all = statistics.perChannel('ReduceMean', value, channels)
    const mean = copies === 1 ? all : meanOfPhases(statistics, all, copies)
    const shift = statistics.op('Sub', [target, mean])
    const ones = new Array<bigint>(channels === 1 ? rank - 2 : 0).fill(1n)
    const repeated = statistics.repeated(shift, copies)
    const shaped = statistics.op('Reshape', [repeated, statistics.integers([-1n, ...ones])])
    const corrected = statistics.op('Add', [value, shaped])
    for (const use of readers) use.node.setInput(use.index, corrected)
    outputs.set(label, shift.name)
    targets.set(label, target.name)
    shifts.push(shift)
  }
  graph.outputs.splice(0, graph.outputs.length, ...shifts)
  sortNodes(model)
  sweepDeadCode(model)
  return { model, outputs, targets }
}

/** From [phases · C] to [C]: each phase has as many pixels. */
function meanOfPhases(statistics: GraphStatistics, means: Value, phases: number): Value {
  const rows = statistics.op('Reshape', [means, statistics.integers([BigInt(phases), -1n])])
  return statistics.perChannel('ReduceMean', rows, -1)
}

function nodesByLabel(model: Model): ReadonlyMap<string, Node> {
  return new Map([...model.graph.nodes()].map((node) => [labelOf(node), node]))
}
