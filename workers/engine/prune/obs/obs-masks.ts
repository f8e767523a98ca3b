// Sparse weights by SparseGPT: what goes is chosen by what it costs at the layer's output, and what stays is fitted to make up for it.

import type { Model } from '#src/onnx/ir/model'
import type { GramMatrix } from '../../quantize/round-by-gram.ts'
import type { Declined } from '../../rewrite/pass.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ImportanceContext } from '../importance/importance.ts'
import { elementScores } from '../element-scores.ts'
import { layerMeans } from '../repair/layer-means.ts'
import { tellsMeans } from '../repair/repair.ts'
import { restoreStatistics } from '../repair/restore-statistics.ts'
import type { PruneResult } from '../prune-result.ts'
import type { WeightReading } from '../reading-layers.ts'
import { weightReadings } from '../reading-layers.ts'
import type { Feeds } from '../verify-pruned.ts'
import type { MaskRule } from '../weight-masks.ts'
import { maskDetails, maskable, prepareMasks, replaceWeight, zeroMasked } from '../weight-masks.ts'
import { fractionChoice, nmChoice } from './obs-choices.ts'
import { fractionsOf } from './obs-fractions.ts'
import { obsMatrices, tensorOrder } from './obs-layout.ts'
import { stageGrams, stagesOf } from './obs-layers.ts'
import type { ObsAmount } from './obs-fractions.ts'
import { obsFactor, pruneByObs } from './sparse-obs.ts'

export type ObsRule = { readonly kind: 'n_m'; readonly n: number; readonly m: number } | ObsAmount

export interface ObsOptions {
  readonly rule: string
  readonly excludedLayers: readonly string[]
  readonly feeds: ImportanceContext['feeds']
  /** What is done with layers whose inputs' second moments are not known. */
  readonly fallback: MaskRule
}

/** How often the model is run anew, so that layers are fitted to what those before them have become. */
const STAGES = 8

/** Rewrites `model` in place. */
export async function obsMasks(
  model: Model,
  rule: ObsRule,
  options: ObsOptions,
  runtime: Runtime,
): Promise<PruneResult> {
  if (options.feeds === 'none') throw new Error('importance by second moments needs data')
  await prepareMasks(model, true, runtime)
  const { readings, declined } = maskable(model, options)
  const batches: Feeds[] = []
  for await (const batch of options.feeds) batches.push(batch)
  const means = tellsMeans(batches) ? await layerMeans(model, batches, runtime) : null
  const others = weightReadings(model)
  const stages = stagesOf(readings, STAGES)
  const look = (stage: readonly WeightReading[]) => {
    return stageGrams(model, stage, others, batches, runtime)
  }
  const fractions = rule.kind === 'n_m' ? 'none' : await fractionsOf(rule, stages, look)
  for (const stage of stages) {
    const { grams, declined: unseen } = await look(stage)
    const reasons = new Map(unseen.map(({ node, reason }) => [node, reason]))
    for (const reading of stage) {
      const gram = grams.get(reading)
      const label = labelOf(reading.node)
      const fraction = fractions === 'none' ? 0 : (fractions.get(reading) ?? 0)
      if (gram !== undefined && pruneLayer(reading, gram, rule, fraction)) continue
      const why = reasons.get(label) ?? 'what it reads is not known or always 0'
      declined.push(byMagnitude(reading, options, why))
    }
  }
  if (means !== null) await restoreStatistics(model, means, batches, runtime)
  return { model, details: maskDetails(readings), declined }
}

function pruneLayer(
  reading: WeightReading,
  { values, groups, inputs }: GramMatrix,
  rule: ObsRule,
  fraction: number,
): boolean {
  const { tensor, axis } = reading
  const window = tensor.dims.slice(2).reduce((product, dim) => product * dim, 1)
  const choice =
    rule.kind === 'n_m'
      ? nmChoice(rule.n, rule.m, inputs, window)
      : fractionChoice(fraction, inputs)
  const order = choice.blocks.flat()
  const matrices = obsMatrices(tensor, axis, groups, inputs)
  for (const [group, matrix] of matrices.entries()) {
    const gram = values.subarray(group * inputs * inputs, (group + 1) * inputs * inputs)
    const factor = obsFactor(gram, order)
    if (factor === null) return false
    pruneByObs(matrix, factor, choice)
  }
  replaceWeight(reading, tensorOrder(matrices, axis))
  return true
}

function byMagnitude(
  reading: WeightReading,
  { rule, fallback }: ObsOptions,
  why: string,
): Declined {
  const scores = elementScores('magnitude', reading, undefined, { seed: 0 })
  const [mask = new Uint8Array()] = fallback([{ reading, scores }])
  zeroMasked(reading, mask)
  return { rule, node: labelOf(reading.node), reason: `pruned by magnitude: ${why}` }
}
