// Cross-layer equalization: channel i of an activation is scaled by t_i in the layer that makes it (W_i·t_i, b_i·t_i) and by 1/t_i
// in the layers that read it, so that a common range fits all channels. Between linear layers and Relu the model is the same.

import type { Model } from '#src/onnx/ir/model'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { float32Constant } from '../rewrite/constants.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { channelMaxima } from './channel-maxima.ts'
import type { EqualizationPair, Layer } from './equalization-pairs.ts'
import { equalizationPairs } from './equalization-pairs.ts'
import { findSites } from './quantization-sites.ts'
import { channelOf } from './quantize-weight.ts'

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

/**
 * Largest magnitude per input channel, each output's weights first divided by their own largest: outputs have a scale each.
 * `free`: every input channel has its own outputs.
 */
function inputMaxima({ node, site, weight }: Layer): Float64Array | 'free' {
  const slot = site.kernel.weight
  const dims = weight.constant?.dims ?? []
  const values = float32Constant(weight) ?? new Float32Array()
  if (slot === 'none') return 'free'
  const [inputAxis, outputAxis] = [slot.inputAxis(node, dims), slot.channelAxis(node, dims.length)]
  if (inputAxis === outputAxis || inputAxis === 'none' || outputAxis === 'none') return 'free'
  const inputOf = channelOf({ dims, axis: inputAxis })
  const outputOf = channelOf({ dims, axis: outputAxis })
  const rows = new Float64Array(dims[outputAxis] ?? 1)
  values.forEach((value, index) => {
    const row = outputOf(index)
    rows[row] = Math.max(rows[row] ?? 0, Math.abs(value))
  })
  const columns = new Float64Array(dims[inputAxis] ?? 1)
  values.forEach((value, index) => {
    const column = inputOf(index)
    const share = Math.abs(value) / Math.max(rows[outputOf(index)] ?? 0, Number.MIN_VALUE)
    columns[column] = Math.max(columns[column] ?? 0, share)
  })
  return columns
}

function scaleMaker({ node, site, weight }: Layer, scales: Float32Array): void {
  const slot = site.kernel.weight
  const dims = weight.constant?.dims ?? []
  if (slot === 'none') return
  const channel = channelOf({ dims, axis: slot.channelAxis(node, dims.length) })
  replace(weight, (value, index) => value * (scales[channel(index)] ?? 1))
  const bias = site.kernel.bias === 'none' ? null : node.input(site.kernel.bias)
  if (bias !== null) replace(bias, (value, index) => value * (scales[index % scales.length] ?? 1))
}

function scaleReader({ node, site, weight }: Layer, scales: Float32Array): void {
  const slot = site.kernel.weight
  const dims = weight.constant?.dims ?? []
  if (slot === 'none') return
  const channel = channelOf({ dims, axis: slot.inputAxis(node, dims) })
  replace(weight, (value, index) => value / (scales[channel(index)] ?? 1))
}

function replace(value: Value, by: (value: number, index: number) => number): void {
  const tensor = value.constant
  const values = float32Constant(value)
  if (tensor === null || values === null) throw new Error(`'${value.name}' is no float constant`)
  const data = Float32Array.from(values, by)
  value.graph?.setInitializer(value, typedTensor(tensor.name, 'float32', tensor.dims, data))
}
