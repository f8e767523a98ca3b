// Layers that can be pruned with their inputs' second moments, in stages: each sees what the stages before it have left.

import type { Model } from '#src/onnx/ir/model'
import type { Tensor } from '#src/onnx/ir/tensor'
import { gramMatrices } from '../../quantize/gram-matrices.ts'
import type { GramMatrix } from '../../quantize/round-by-gram.ts'
import type { Declined } from '../../rewrite/pass.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { WeightReading } from '../reading-layers.ts'
import type { Feeds } from '../verify-pruned.ts'

/** Inverting grows with the third power: a layer of so many inputs takes ten seconds. */
export const MOST_INPUTS = 2304
/** Of all matrices of a stage in double precision. */
const STAGE_BYTES = 2 ** 28

/** In the order of the graph, about as many layers in each. */
export function stagesOf(readings: readonly WeightReading[], most: number): WeightReading[][] {
  const perStage = Math.ceil(readings.length / most)
  const stages: WeightReading[][] = []
  let bytes = Infinity
  for (const reading of readings) {
    const own = gramBytes(reading.tensor, reading)
    const last = stages.at(-1)
    if (last === undefined || last.length >= perStage || bytes + own > STAGE_BYTES) {
      stages.push([reading])
      bytes = own
    } else {
      last.push(reading)
      bytes += own
    }
  }
  return stages
}

function gramBytes({ dims }: Tensor, { axis, channels }: WeightReading): number {
  const inputs = channels === -1 && axis !== 'none' ? (dims[axis] ?? 1) : inputsOf(dims)
  return inputs > MOST_INPUTS ? 0 : 16 * inputs ** 2
}

function inputsOf(dims: readonly number[]): number {
  return dims.slice(1).reduce((product, dim) => product * dim, 1)
}

export interface StageGrams {
  readonly grams: ReadonlyMap<WeightReading, GramMatrix>
  readonly declined: readonly Declined[]
}

/** Of the model as it is now. */
export async function stageGrams(
  model: Model,
  stage: readonly WeightReading[],
  others: readonly WeightReading[],
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<StageGrams> {
  const wanted = new Set(stage.map(({ node }) => labelOf(node)))
  const excluded = others.map(({ node }) => labelOf(node)).filter((label) => !wanted.has(label))
  const found = await gramMatrices(model, new Set(excluded), batches, runtime, 1, MOST_INPUTS)
  const grams = stage.flatMap((reading) => {
    const gram = found.matrices.get(labelOf(reading.node))
    return gram === undefined ? [] : [[reading, gram] as const]
  })
  return { grams: new Map(grams), declined: found.declined }
}
