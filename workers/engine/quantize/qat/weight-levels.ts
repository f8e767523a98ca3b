// How many integers each weight may take, and the step sizes that training begins with.

import type { Model } from '#src/onnx/ir/model'
import { floatValues } from '#src/onnx/tensor-values'
import { labelOf } from '../../rewrite/pass.ts'
import type { QuantizationSites } from '../quantization-sites.ts'
import type { WeightLayout } from '../quantize-weight.ts'
import { channelOf, weightScales } from '../quantize-weight.ts'
import type { WeightQuantizer } from './find-quantizers.ts'
import { roundHalfEven } from './straight-through.ts'

export type WeightBits = 4 | 8

/** The largest integer; the smallest is its negative. */
export const LEVELS: Record<WeightBits, number> = { 4: 7, 8: 127 }

/** Shares of the largest weight that may be the largest integer. */
const SHARES = Array.from({ length: 15 }, (_, index) => 1 - index / 20)

/**
 * 4 bits are for layers with a weight of their own but the first and the last: these see what comes in and decide what goes
 * out, and hold little (as Esser et al. 2020, §3, and most before them).
 */
export function narrowLayers(float: Model, sites: QuantizationSites): ReadonlySet<string> {
  const layers = [...float.graph.nodes()].filter((node) => {
    const weight = sites.integer.get(node)?.weight ?? 'none'
    return weight !== 'none'
  })
  return new Set(layers.slice(1, -1).map(labelOf))
}

/** Of all scales tried, for each channel the one of least squared error. */
export function leastErrorScales(
  values: Float32Array,
  layout: WeightLayout,
  limit: number,
): Float32Array {
  const widest = weightScales(values, layout, limit)
  const channel = channelOf(layout)
  const best = widest.slice()
  const least = new Float64Array(widest.length).fill(Infinity)
  for (const share of SHARES) {
    const scales = widest.map((scale) => Math.fround(scale * share))
    const errors = new Float64Array(widest.length)
    for (let index = 0; index < values.length; index += 1) {
      const at = channel(index)
      const [value, scale] = [values[index] ?? 0, scales[at] ?? 1]
      const level = Math.max(-limit, Math.min(limit, roundHalfEven(value / scale)))
      errors[at] = (errors[at] ?? 0) + (value - level * scale) ** 2
    }
    for (let at = 0; at < best.length; at += 1) {
      if ((errors[at] ?? 0) >= (least[at] ?? 0)) continue
      least[at] = errors[at] ?? 0
      best[at] = scales[at] ?? 1
    }
  }
  return best
}

export function bitsOf({ readers }: WeightQuantizer, narrow: ReadonlySet<string>): WeightBits {
  return readers.length > 0 && readers.every((reader) => narrow.has(reader)) ? 4 : 8
}

/** In 8 bits those of calibration. */
export function startScales(weight: WeightQuantizer, bits: WeightBits, float: Model): Float32Array {
  const tensor = float.graph.initializers.get(weight.name)?.constant
  if (bits === 8 || !tensor) return weight.scales
  return leastErrorScales(floatValues(tensor), weight.layout, LEVELS[bits])
}
