// Cross-layer equalization: channel i of an activation is scaled by t_i in the layer that makes it (W_i·t_i, b_i·t_i) and by 1/t_i
// in the layers that read it, so that a common range fits all channels. Between linear layers and Relu the model is the same.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { channelMaxima } from './channel-maxima.ts'
import type { EqualizationPair } from './equalization-pairs.ts'
import { equalizationPairs } from './equalization-pairs.ts'
import { inputMaxima, scaleMaker, scaleReader } from './layer-scaling.ts'
import { findSites } from './quantization-sites.ts'

/** Bounds of a channel's scale. */
const MOST = 64

/** Channels that take less than this share of the largest are dead: nothing is gained by blowing them up. */
const DEAD = 1e-4

/** Scales closer to 1 than this change nothing. */
const SAME = 0.05

/** Changes weights in place. Gives the names of the activations that were equalized. */
export async function equalize(
  model: Model,
  excluded: ReadonlySet<string>,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<string[]> {
  const pairs = equalizationPairs(findSites(model, excluded))
  const requests = pairs.map(({ value, channels }) => ({ name: value.name, channels }))
  const maxima = await channelMaxima(model, requests, feeds, runtime, threads)
  const equalized: string[] = []
  for (const pair of pairs) {
    const own = maxima.get(pair.value.name)
    const scales = own === undefined ? null : channelScales(pair, own)
    if (scales === null) continue
    scaleMaker(pair.maker, scales)
    for (const reader of pair.readers) scaleReader(reader, scales)
    equalized.push(pair.value.name)
  }
  return equalized
}

/**
 * With a_i the activation's and r_i the readers' largest magnitude of channel i, t_i = √(r_i/a_i): both then have √(a_i·r_i).
 * A reader with a scale per input channel pays nothing, so there t_i = 1/a_i. The largest magnitude of all stays. `null`
 * when nothing changes.
 */
function channelScales(
  { readers, bound }: EqualizationPair,
  maxima: Float64Array,
): Float32Array | null {
  const largest = maxima.reduce((most, value) => Math.max(most, value), 0)
  const read = readers.map(inputMaxima)
  const isFree = read.every((of) => of === 'free')
  const wanted = maxima.map((value, channel) => {
    const share = value / largest
    if (!(share >= DEAD)) return NaN
    if (isFree) return 1 / share
    const most = read.reduce((top, of) => Math.max(top, of === 'free' ? 0 : (of[channel] ?? 0)), 0)
    return most === 0 ? NaN : Math.sqrt(most / share)
  })
  const top = wanted.reduce((peak, scale, channel) => {
    return Number.isNaN(scale) ? peak : Math.max(peak, (scale * (maxima[channel] ?? 0)) / largest)
  }, 0)
  const scales = Float32Array.from(wanted, (scale, channel) => {
    if (Number.isNaN(scale)) return 1
    const kept = Math.max(1 / MOST, Math.min(MOST, scale / top))
    if (bound === Infinity) return kept
    // What was cut at the bound must still be, and nothing else.
    return Math.max(1, Math.min(kept, bound / (maxima[channel] ?? bound)))
  })
  return scales.some((scale) => Math.abs(scale - 1) > SAME) ? scales : null
}
