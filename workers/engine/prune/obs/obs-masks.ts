// Sparse weights by SparseGPT: what goes is chosen by what it costs at the layer's output, and what stays is fitted to make up for it.

import type { Model } from '#src/onnx/ir/model'
import { copyModel } from '../../rewrite/copy-model.ts'
import type { Declined } from '../../rewrite/pass.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { elementScores } from '../element-scores.ts'
import type { ImportanceContext } from '../importance/importance.ts'
import type { PruneResult } from '../prune-result.ts'
import type { WeightReading } from '../reading-layers.ts'
import { biasedLayers } from '../repair/layer-means.ts'
import type { Feeds } from '../verify-pruned.ts'
import type { MaskRule } from '../weight-masks.ts'
import { maskDetails, maskable, prepareMasks, zeroMasked } from '../weight-masks.ts'
import type { LayerAmount } from './exact-masks.ts'
import type { ObsAmount } from './obs-fractions.ts'
import { fractionsOf } from './obs-fractions.ts'
import { stagesOf } from './obs-layers.ts'
import { pruneLayer } from './prune-layer.ts'
import { stageMoments } from './stage-moments.ts'

export type ObsRule = { readonly kind: 'n_m'; readonly n: number; readonly m: number } | ObsAmount

export interface ObsOptions {
  readonly rule: string
  readonly excludedLayers: readonly string[]
  readonly feeds: ImportanceContext['feeds']
  /** What is done with layers whose inputs' second moments are not known. */
  readonly fallback: MaskRule
}

/** How often the model is run anew, so that layers are fitted to what those before them have become. */
const STAGES = 16

/** Rewrites `model` in place. */
export async function obsMasks(
  model: Model,
  rule: ObsRule,
  options: ObsOptions,
  runtime: Runtime,
): Promise<PruneResult> {
  if (options.feeds === 'none') throw new Error('importance by second moments needs data')
  await prepareMasks(model, runtime)
  const { readings, declined } = maskable(model, options)
  const batches: Feeds[] = []
  for await (const batch of options.feeds) batches.push(batch)
  const original = copyModel(model)
  const stages = stagesOf(readings, STAGES)
  const fractions = await fractionsOf(rule, stages, (stage) => {
    return stageMoments([original, original], labelsOf(stage), batches, runtime)
  })
  const biases = new Map(biasedLayers(model).map((layer) => [layer.label, layer]))
  for (const stage of stages) {
    const { moments, reasons } = await stageMoments(
      [model, original],
      labelsOf(stage),
      batches,
      runtime,
    )
    for (const reading of stage) {
      const label = labelOf(reading.node)
      const own = moments.get(label)
      const amount = amountOf(reading, rule, fractions.get(reading) ?? 0)
      if (own !== undefined && pruneLayer(reading, own, biases.get(label), amount)) continue
      const why = reasons.get(label) ?? 'what it reads is not known or always 0'
      declined.push(byMagnitude(reading, options, why))
    }
  }
  return { model, details: maskDetails(readings), declined }
}

function labelsOf(stage: readonly WeightReading[]): Set<string> {
  return new Set(stage.map(({ node }) => labelOf(node)))
}

function amountOf({ tensor }: WeightReading, rule: ObsRule, fraction: number): LayerAmount {
  if (rule.kind === 'unstructured') return { kind: 'fraction', fraction }
  const window = tensor.dims.slice(2).reduce((product, dim) => product * dim, 1)
  return { kind: 'n_m', n: rule.n, m: rule.m, window }
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
