// G = Σ x·xᵀ over the inputs that each output of a layer sees, summed in the graph.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Feeds } from './activation-statistics.ts'
import { GraphStatistics } from './graph-statistics.ts'
import type { LayerShape } from './layer-columns.ts'
import { appendColumns, appendProducts, layerShape } from './layer-columns.ts'
import type { IntegerSite } from './quantization-sites.ts'
import { findSites } from './quantization-sites.ts'
import type { GramMatrix } from './round-by-gram.ts'

/** Inputs per output: a matrix of this side takes 10 MB, and rounding grows with its square. */
const MOST_INPUTS = 1152

export interface GramMatrices {
  readonly matrices: ReadonlyMap<string, GramMatrix>
  readonly declined: readonly Declined[]
}

/** By the labels of the layers. The model stays as it is. `mostInputs`: layers with more per output are declined. */
export async function gramMatrices(
  source: Model,
  excluded: ReadonlySet<string>,
  batches: readonly Feeds[],
  runtime: Runtime,
  threads: number,
  mostInputs = MOST_INPUTS,
): Promise<GramMatrices> {
  const model = copyModel(source)
  const statistics = new GraphStatistics(model)
  const shapes = new Map<string, LayerShape>()
  const declined: Declined[] = []
  const outputs: Value[] = []
  for (const [node, site] of findSites(model, excluded).integer) {
    const shape = layerShape(node, site, mostInputs)
    if (shape === null) continue
    if (typeof shape === 'string') {
      declined.push({ rule: 'adaround', node: labelOf(node), reason: shape })
      continue
    }
    const gram = appendGram(statistics, node, site, shape)
    shapes.set(labelOf(node), shape)
    outputs.push(gram)
  }
  if (outputs.length === 0) return { matrices: new Map(), declined }
  model.graph.outputs.splice(0, model.graph.outputs.length, ...outputs)
  sweepDeadCode(model)
  const options = { threads, optimization: 'basic', memoryPattern: false } as const
  const session = await runtime.load(modelBytes(model, 'inline'), options)
  const matrices = new Map<string, GramMatrix>()
  try {
    for (const batch of batches) {
      const results = await session.run(batch)
      for (const [index, [label, shape]] of [...shapes].entries()) {
        const data = results[outputs[index]?.name ?? '']?.data ?? []
        const values = matrices.get(label)?.values ?? new Float64Array(data.length)
        for (let at = 0; at < data.length; at += 1) {
          values[at] = (values[at] ?? 0) + Number(data[at])
        }
        matrices.set(label, { values, ...shape })
      }
    }
  } finally {
    await session.release()
  }
  return { matrices, declined }
}

/** [groups, inputs, inputs] of one batch. */
function appendGram(
  statistics: GraphStatistics,
  node: Node,
  site: IntegerSite,
  shape: LayerShape,
): Value {
  const columns = appendColumns(statistics, node, site, shape)
  return appendProducts(statistics, columns, columns)
}
