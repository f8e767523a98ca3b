// Equalizes a model where that helps: weights get coarser where activations get finer, and which of the two weighs more is measured.

import type { Model } from '#src/onnx/ir/model'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Declined } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { equalize } from './equalize.ts'
import { firstSamples } from './first-samples.ts'
import { outputError, runAll } from './output-error.ts'

export interface EqualizationTrial {
  /** The one given, or an equalized copy. */
  readonly model: Model
  /** Activations whose channels were scaled. */
  readonly equalized: readonly string[]
  readonly declined: readonly Declined[]
}

/** Samples that both forms are measured on. */
const SAMPLES = 16

/** Noise must fall by this share. */
const GAIN = 0.2

/** Largest difference of the float outputs, as a share of the largest output. */
const EXACT = 1e-4

/** `quantized`: makes the quantized form that is measured; the model given to it is left as it was. */
export async function tryEqualization(
  model: Model,
  excluded: ReadonlySet<string>,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
  quantized: (model: Model, feeds: FeedSource) => Promise<Model>,
): Promise<EqualizationTrial> {
  const few = await firstSamples(model, feeds, SAMPLES)
  const scaled = copyModel(model)
  const equalized = await equalize(scaled, excluded, feeds, runtime, threads)
  if (equalized.length === 0) return { model, equalized, declined: [] }
  const decline = (reason: string): EqualizationTrial => {
    const declined = [{ rule: 'equalize', node: null, reason }]
    return { model, equalized: [], declined }
  }
  const run = async (made: Model) => await runAll(made, few, runtime, threads)
  const wanted = await run(model)
  const { largest } = outputError(wanted, await run(scaled))
  if (largest > EXACT)
    return decline(`the float outputs would change by ${largest.toExponential(1)}`)
  const before = outputError(wanted, await run(await quantized(model, few))).centred
  const after = outputError(wanted, await run(await quantized(scaled, few))).centred
  if (after > before * (1 - GAIN)) {
    return decline(`noise would go from ${decibels(before)} to ${decibels(after)} below the signal`)
  }
  return { model: scaled, equalized, declined: [] }
}

function decibels(noise: number): string {
  return `${(-10 * Math.log10(Math.max(noise, Number.MIN_VALUE))).toFixed(1)} dB`
}
