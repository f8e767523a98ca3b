// How much each layer loses when layers are compared: an element costs the share that its removal has in the energy of the layer's output.

import type { GramMatrix } from '../../quantize/round-by-gram.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { Scope } from '../choose-removed.ts'
import type { WeightReading } from '../reading-layers.ts'
import type { MaskAmount } from '../unstructured-mask.ts'
import { obsMatrices } from './obs-layout.ts'
import type { StageGrams } from './obs-layers.ts'
import { outputEnergy } from './output-energy.ts'
import { obsCosts, obsFactor } from './sparse-obs.ts'

export interface ObsAmount {
  readonly kind: 'unstructured'
  readonly scope: Scope
  readonly amount: MaskAmount
}

type Look = (stage: readonly WeightReading[]) => Promise<StageGrams>

/** `look`: looks at the model before anything goes. Layers that nothing is known of lose as much as was asked for. */
export async function fractionsOf(
  { scope, amount }: ObsAmount,
  stages: readonly (readonly WeightReading[])[],
  look: Look,
): Promise<Map<WeightReading, number>> {
  const readings = stages.flat()
  if (amount.kind === 'sparsity' && scope.kind !== 'global') {
    return new Map(readings.map((reading) => [reading, fractionOf(reading, scope, amount.value)]))
  }
  const costs = new Map<WeightReading, Float32Array>()
  for (const stage of stages) {
    const { grams } = await look(stage)
    for (const [reading, gram] of grams) {
      const own = shares(reading, gram)
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

function shares({ tensor, axis }: WeightReading, gram: GramMatrix): Float32Array | null {
  const { values, groups, inputs } = gram
  const order = Array.from({ length: inputs }, (_, index) => index)
  let energy = 0
  const costs: Float32Array[] = []
  for (const [group, matrix] of obsMatrices(tensor, axis, groups, inputs).entries()) {
    const own = values.subarray(group * inputs * inputs, (group + 1) * inputs * inputs)
    const factor = obsFactor(own, order)
    if (factor === null) return null
    energy += outputEnergy(matrix, own)
    costs.push(obsCosts(matrix, factor))
  }
  if (!(energy > 0)) return null
  const all = new Float32Array(costs.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of costs) {
    all.set(part, at)
    at += part.length
  }
  return all.map((cost) => cost / energy)
}

/** Below this lies the fraction. */
function quantile(parts: readonly Float32Array[], fraction: number): number {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  all.sort()
  return all[Math.round(all.length * fraction)] ?? Infinity
}
