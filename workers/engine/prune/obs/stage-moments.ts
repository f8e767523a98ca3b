// Second moments of what layers see in a model as it has become, with themselves and with what the same layers saw in the original.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeTensor } from '#src/onnx/make-tensor'
import { modelBytes } from '#src/onnx/write-model'
import { GraphStatistics } from '../../quantize/graph-statistics.ts'
import type { LayerColumns, LayerShape } from '../../quantize/layer-columns.ts'
import { appendColumns, appendProducts, layerShape } from '../../quantize/layer-columns.ts'
import { findSites } from '../../quantize/quantization-sites.ts'
import { copyModel } from '../../rewrite/copy-model.ts'
import { labelOf } from '../../rewrite/pass.ts'
import { sweepDeadCode } from '../../rewrite/remove-dead-code.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Feeds } from '../verify-pruned.ts'
import { MOST_INPUTS } from './obs-layers.ts'
import { appendReference } from './append-reference.ts'

/** With a 1 appended to what is seen: sums and how many there are stand in the last row and column. */
export interface LayerMoments extends LayerShape {
  /** Σ x·xᵀ, [groups, inputs + 1, inputs + 1]. */
  readonly own: Float64Array
  /** Σ x·x₀ᵀ, x₀ being what the original sees there. */
  readonly cross: Float64Array
}

export interface StageMoments {
  readonly moments: ReadonlyMap<string, LayerMoments>
  /** Why there are none, by label. */
  readonly reasons: ReadonlyMap<string, string>
}

const PREFIX = 'reference/'

/** By the labels asked for. Neither model is changed. */
export async function stageMoments(
  [source, reference]: readonly [Model, Model],
  labels: ReadonlySet<string>,
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<StageMoments> {
  const model = copyModel(source)
  appendReference(model, reference, PREFIX)
  const statistics = new GraphStatistics(model)
  const { integer } = findSites(model, new Set())
  const nodes = new Map([...integer.keys()].map((node) => [labelOf(node), node]))
  const moments = new Map<string, LayerMoments>()
  const reasons = new Map<string, string>()
  const sums = new Map<string, Float64Array>()
  for (const label of labels) {
    const [node, twin] = [nodes.get(label), nodes.get(PREFIX + label)]
    const [site, other] = [sitesOf(integer, node), sitesOf(integer, twin)]
    const shape = site === null ? null : layerShape(site.node, site.site, MOST_INPUTS)
    if (site === null || other === null || shape === null || typeof shape === 'string') {
      reasons.set(label, typeof shape === 'string' ? shape : 'what it reads is not known')
      continue
    }
    const columns = withOnes(statistics, appendColumns(statistics, site.node, site.site, shape))
    const others = withOnes(statistics, appendColumns(statistics, other.node, other.site, shape))
    const size = shape.groups * (shape.inputs + 1) ** 2
    const [own, cross] = [new Float64Array(size), new Float64Array(size)]
    sums.set(appendProducts(statistics, columns, columns).name, own)
    sums.set(appendProducts(statistics, columns, others).name, cross)
    moments.set(label, { ...shape, own, cross })
  }
  await addUp(model, sums, batches, runtime)
  return { moments, reasons }
}

function sitesOf(
  integer: ReturnType<typeof findSites>['integer'],
  node: Node | undefined,
): { node: Node; site: Parameters<typeof layerShape>[1] } | null {
  const site = node === undefined ? undefined : integer.get(node)
  return node === undefined || site === undefined ? null : { node, site }
}

function withOnes(statistics: GraphStatistics, { columns, isMatrix }: LayerColumns): LayerColumns {
  const before = isMatrix ? [0n, 0n, 0n] : [0n, 0n, 0n, 0n]
  const after = isMatrix ? [0n, 1n, 0n] : [0n, 0n, 1n, 0n]
  const one = statistics.graph.addInitializer(
    makeTensor(statistics.name('stat_one'), 'float32', [], [1]),
  )
  const pads = statistics.integers([...before, ...after])
  return { columns: statistics.op('Pad', [columns, pads, one]), isMatrix }
}

async function addUp(
  model: Model,
  sums: ReadonlyMap<string, Float64Array>,
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<void> {
  if (sums.size === 0) return
  const outputs = [...model.graph.nodes()].flatMap(({ outputs: [value] }) => {
    return value != null && sums.has(value.name) ? [value] : []
  })
  model.graph.outputs.splice(0, model.graph.outputs.length, ...outputs)
  sweepDeadCode(model)
  const options = { threads: 1, optimization: 'basic' } as const
  const session = await runtime.load(modelBytes(model, 'inline'), options)
  try {
    for (const batch of batches) {
      for (const [name, { data }] of Object.entries(await session.run(batch))) {
        const total = sums.get(name)
        if (total === undefined) continue
        for (let at = 0; at < data.length; at += 1) total[at] = (total[at] ?? 0) + Number(data[at])
      }
    }
  } finally {
    await session.release()
  }
}
