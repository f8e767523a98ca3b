// Rescales a model where that helps: weights get coarser where activations get finer, and which of the two weighs more is measured.

import type { Model } from '#src/onnx/ir/model'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Declined } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { firstSamples } from './first-samples.ts'
import { outputError, runAll } from './output-error.ts'

export interface RescalingTrial {
  /** The one given, or a rescaled copy. */
  readonly model: Model
  /** Activations whose channels were scaled. */
  readonly scaled: readonly string[]
  readonly declined: readonly Declined[]
}

/** Samples that both forms are measured on. */
const SAMPLES = 16

/** Noise must fall by this share. */
const GAIN = 0.2

/** Largest difference of the float outputs, as a share of the largest output. */
const EXACT = 1e-4

export interface Rescaling {
  readonly rule: 'equalize' | 'smooth-quant'
  /** Changes the model in place; gives the names of the activations whose channels it scaled. */
  readonly apply: (model: Model) => Promise<string[]>
  /** Makes the quantized form that is measured; the model given to it is left as it was. */
  readonly quantized: (model: Model, feeds: FeedSource) => Promise<Model>
}

export async function tryRescaling(
  model: Model,
  { rule, apply, quantized }: Rescaling,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<RescalingTrial> {
  const changed = copyModel(model)
  const scaled = await apply(changed)
  if (scaled.length === 0) return { model, scaled, declined: [] }
  const decline = (reason: string): RescalingTrial => {
    return { model, scaled: [], declined: [{ rule, node: null, reason }] }
  }
  const few = await firstSamples(model, feeds, SAMPLES)
  const run = async (made: Model) => await runAll(made, few, runtime, threads)
  const wanted = await run(model)
  const { largest } = outputError(wanted, await run(changed))
  if (largest > EXACT)
    return decline(`the float outputs would change by ${largest.toExponential(1)}`)
  const before = outputError(wanted, await run(await quantized(model, few)))
  const after = outputError(wanted, await run(await quantized(changed, few)))
  // With and without what bias correction takes away: either may mislead on few samples.
  const share = Math.max(after.noise / before.noise, after.centred / before.centred)
  if (!(share <= 1 - GAIN)) {
    const [from, to] = [decibels(before.noise), decibels(after.noise)]
    return decline(`noise would go from ${from} to ${to} below the signal`)
  }
  return { model: changed, scaled, declined: [] }
}

function decibels(noise: number): string {
  return `${(-10 * Math.log10(Math.max(noise, Number.MIN_VALUE))).toFixed(1)} dB`
}
