// Sparse weights: the least important elements become 0, anywhere (unstructured) or n of every m along the axis that is summed
// over (n:m). The model keeps its shape.

import type { Model } from '#src/onnx/ir/model'
import { isFloat } from '#src/onnx/ir/data-type'
import type { Tensor } from '#src/onnx/ir/tensor'
import { typedTensor } from '#src/onnx/ir/tensor'
import { makeTensor } from '#src/onnx/make-tensor'
import { floatValues } from '#src/onnx/tensor-values'
import { liftConstants } from '../rewrite/lift-constants.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf, nodeRulePass } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { elementScores } from './element-scores.ts'
import type { ElementMeasure } from './element-scores.ts'
import type { ImportanceContext } from './importance/importance.ts'
import type { PruneResult } from './prune-result.ts'
import type { MeasuredReading, WeightReading } from './reading-layers.ts'
import { measureReads, weightReadings } from './reading-layers.ts'

/** A weight with the importance of each element, and what it loses. */
export interface ScoredWeight {
  readonly reading: WeightReading
  readonly scores: Float32Array
}

/** Which elements of each weight stay: 1 stays, 0 goes. */
export type MaskRule = (weights: readonly ScoredWeight[]) => Uint8Array[]

export interface MaskOptions {
  readonly rule: string
  readonly importance: ElementMeasure
  readonly excludedLayers: readonly string[]
  readonly seed: number
  readonly feeds: ImportanceContext['feeds']
}

/** Rewrites `model` in place. */
export async function maskWeights(
  model: Model,
  mask: MaskRule,
  options: MaskOptions,
  runtime: Runtime,
): Promise<PruneResult> {
  await nodeRulePass(liftConstants).run(model, runtime)
  const { readings, declined } = maskable(model, options)
  const measured = await measuredOf(model, options, runtime)
  const weights = readings.map((reading, index) => ({
    reading,
    scores: elementScores(options.importance, reading, measured.get(reading.weight.name), {
      seed: options.seed + index,
    }),
  }))
  const masks = mask(weights)
  const layers = weights.map(({ reading }, index) => {
    const own = masks[index] ?? new Uint8Array()
    const zeros = applyMask(reading, own)
    return { layer: labelOf(reading.node), elements: own.length, zeros }
  })
  const total = layers.reduce((sum, { elements }) => sum + elements, 0)
  const zeros = layers.reduce((sum, layer) => sum + layer.zeros, 0)
  const details = { weights: layers.length, elements: total, zeros, layers }
  return { model, details, declined }
}

/** Each weight once; a weight that an excluded layer reads stays. */
function maskable(
  model: Model,
  { rule, excludedLayers }: MaskOptions,
): { readings: WeightReading[]; declined: Declined[] } {
  const excluded = new Set(excludedLayers)
  const declined: Declined[] = []
  const byWeight = new Map<string, WeightReading>()
  const kept = new Set<string>()
  for (const reading of weightReadings(model)) {
    const reason = excluded.has(labelOf(reading.node)) ? 'excluded' : obstacleOf(reading.tensor)
    if (reason === null) byWeight.set(reading.weight.name, reading)
    else {
      kept.add(reading.weight.name)
      declined.push({ rule, node: labelOf(reading.node), reason })
    }
  }
  for (const name of kept) byWeight.delete(name)
  return { readings: [...byWeight.values()], declined }
}

function obstacleOf({ dtype }: Tensor): string | null {
  return isFloat(dtype) ? null : `weights of type ${dtype} are quantized already`
}

async function measuredOf(
  model: Model,
  { importance, feeds }: MaskOptions,
  runtime: Runtime,
): Promise<Map<string, MeasuredReading>> {
  if (importance !== 'activation') return new Map()
  if (feeds === 'none') throw new Error('importance by activations needs data')
  const reads = await measureReads(model, feeds, runtime)
  return new Map(reads.map((reading) => [reading.weight.name, reading]))
}

/** The number of elements that are 0 now because of the mask. */
function applyMask({ weight, tensor }: WeightReading, mask: Uint8Array): number {
  const values = Float32Array.from(floatValues(tensor))
  let zeros = 0
  for (const index of values.keys()) {
    if (mask[index] !== 0) continue
    values[index] = 0
    zeros += 1
  }
  const masked =
    tensor.dtype === 'float32'
      ? typedTensor(tensor.name, 'float32', tensor.dims, values)
      : makeTensor(tensor.name, tensor.dtype, tensor.dims, [...values])
  weight.graph?.setInitializer(weight, masked)
  return zeros
}
