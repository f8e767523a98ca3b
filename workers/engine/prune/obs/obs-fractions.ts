// How much each layer loses when layers are compared: an element costs the share that its removal has in the energy of the layer's output.

import { labelOf } from '../../rewrite/pass.ts'
import type { Scope } from '../choose-removed.ts'
import type { WeightReading } from '../reading-layers.ts'
import type { MaskAmount } from '../unstructured-mask.ts'
import { withInverse } from './exact-masks.ts'
import { layerFits } from './layer-fit.ts'
import type { ObsRule } from './obs-masks.ts'
import type { LayerMoments, StageMoments } from './stage-moments.ts'

export interface ObsAmount {
  readonly kind: 'unstructured'
  readonly scope: Scope
  readonly amount: MaskAmount
}

type Look = (stage: readonly WeightReading[]) => Promise<StageMoments>

/** `look`: looks at the model before anything goes. Layers that nothing is known of lose as much as was asked for. */
export async function fractionsOf(
  rule: ObsRule,
  stages: readonly (readonly WeightReading[])[],
  look: Look,
): Promise<Map<WeightReading, number>> {
  if (rule.kind === 'n_m') return new Map()
  const { scope, amount } = rule
  const readings = stages.flat()
  if (amount.kind === 'sparsity' && scope.kind !== 'global') {
    return new Map(readings.map((reading) => [reading, fractionOf(reading, scope, amount.value)]))
  }
  const costs = new Map<WeightReading, Float32Array>()
  for (const stage of stages) {
    const { moments } = await look(stage)
    for (const reading of stage) {
      const found = moments.get(labelOf(reading.node))
      const own = found === undefined ? null : shares(reading, found)
      if (own !== null) costs.set(reading, own)
    }
  }
  const bound =
    amount.kind === 'threshold' ? amount.value : quantile([...costs.values()], amount.value)
  const fallback = amount.kind === 'threshold' ? 0 : amount.value
  return new Map(
    readings.map((reading) => {
      const own = costs.get(reading)
      if (own === undefined) return [reading, fallback]
      return [reading, own.filter((cost) => cost < bound).length / own.length]
    }),
  )
}

function fractionOf({ node }: WeightReading, scope: Scope, fallback: number): number {
  if (scope.kind !== 'per_layer') return fallback
  return scope.fractions.get(labelOf(node)) ?? fallback
}

/** w² ÷ [H⁻¹]_jj of every element, as a share of Σ wᵀ·H·w over the outputs. */
function shares(reading: WeightReading, moments: LayerMoments): Float32Array | null {
  const fits = layerFits(reading, moments, false)
  const inverted = fits === null ? null : withInverse(fits)
  if (inverted === null) return null
  let energy = 0
  const parts = inverted.map(({ fit: { weights, targets, inputs }, inverse }) => {
    // Nothing has gone yet: targets are H·w.
    for (const [at, weight] of weights.entries()) energy += weight * (targets[at] ?? 0)
    return Float32Array.from(weights, (weight, at) => {
      const place = at % inputs
      return weight ** 2 / (inverse[place * inputs + place] ?? 1)
    })
  })
  return energy > 0 ? joined(parts).map((cost) => cost / energy) : null
}

/** Below this lies the fraction. */
function quantile(parts: readonly Float32Array[], fraction: number): number {
  const all = joined(parts).sort()
  return all[Math.round(all.length * fraction)] ?? Infinity
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
