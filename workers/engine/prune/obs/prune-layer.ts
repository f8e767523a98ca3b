// One layer pruned and fitted to what it gave in the original.

import { typedTensor } from '#src/onnx/ir/tensor'
import { floatValues } from '#src/onnx/tensor-values'
import type { WeightReading } from '../reading-layers.ts'
import type { BiasedLayer } from '../repair/layer-means.ts'
import { replaceWeight } from '../weight-masks.ts'
import { prunedByBlocks } from './block-masks.ts'
import type { LayerAmount } from './exact-masks.ts'
import { exactMasks, isAffordable } from './exact-masks.ts'
import { fitKept, isFitAffordable } from './fit-kept.ts'
import type { LayerFit } from './layer-fit.ts'
import { layerFits, tensorOrder } from './layer-fit.ts'
import type { LayerMoments } from './stage-moments.ts'

/** `bias`: the layer's own, to take up means. Tells whether it could be done. */
export function pruneLayer(
  reading: WeightReading,
  moments: LayerMoments,
  bias: BiasedLayer | undefined,
  amount: LayerAmount,
): boolean {
  const ownBias = reading.weight.uses.size === 1 ? bias : undefined
  const fits = layerFits(reading, moments, ownBias !== undefined)
  const fitted = fits === null ? null : fittedRows(fits, amount)
  if (fits === null || fitted === null) return false
  replaceWeight(reading, tensorOrder(fitted, moments.inputs, reading))
  if (ownBias !== undefined) moveBias(ownBias, fits, fitted)
  return true
}

function fittedRows(fits: readonly LayerFit[], amount: LayerAmount): Float64Array[] | null {
  if (isAffordable(fits)) {
    const masks = exactMasks(fits, amount)
    return masks?.map((mask, group) => fitKept(fits[group] as LayerFit, mask)) ?? null
  }
  const pruned = prunedByBlocks(fits, amount)
  if (pruned === null || !isFitAffordable(fits)) return pruned
  return fits.map((fit, group) => {
    const values = pruned[group] ?? new Float64Array()
    return fitKept(
      fit,
      Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)),
    )
  })
}

/** So that means are those of the original. */
function moveBias(
  { bias }: BiasedLayer,
  fits: readonly LayerFit[],
  fitted: readonly Float64Array[],
): void {
  const constant = bias.constant
  if (constant === null) return
  const values = Float32Array.from(floatValues(constant))
  let at = 0
  for (const [
    group,
    {
      rows,
      inputs,
      weights,
      means: [now, before],
    },
  ] of fits.entries()) {
    for (let row = 0; row < rows; row += 1) {
      let sum = 0
      for (let input = 0; input < inputs; input += 1) {
        sum += (weights[row * inputs + input] ?? 0) * (before[input] ?? 0)
        sum -= (fitted[group]?.[row * inputs + input] ?? 0) * (now[input] ?? 0)
      }
      values[at] = (values[at] ?? 0) + sum
      at += 1
    }
  }
  bias.graph?.setInitializer(bias, typedTensor(constant.name, 'float32', constant.dims, values))
}
