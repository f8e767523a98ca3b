// Step `quantize`, method `static`: makes the candidates, times and judges them side by side, keeps the best.

import type { CandidateMeasures } from '#engine/quantize/choose-candidate'
import { DEFAULT_RULES, chooseCandidate } from '#engine/quantize/choose-candidate'
import { restoreLayers } from '#engine/quantize/restore-layers'
import type { StaticCandidate, StaticCandidates, StaticOptions } from '#engine/quantize/static'
import { staticCandidates } from '#engine/quantize/static'
import { TersorError } from '#src/domain/errors'
import { staticMeasures } from '#engine/evaluate/static-measures'
import type { ReportWarning } from '#src/domain/report'
import type { Model } from '#src/onnx/ir/model'
import type { QuantizeStaticStep } from '#src/recipes/quantize'
import type { TargetChoice } from '#src/recipes/quantize-targets'
import { activationsOf } from '#src/recipes/quantize-targets'
import { calibrationFeeds } from './calibration-feeds.ts'
import type { StepContext, StepRunner } from './step-outcome.ts'
import type { Trial } from './try-models.ts'
import { tryModels } from './try-models.ts'

const { noise: NOISE, leastGain: LEAST_GAIN } = DEFAULT_RULES

export const runQuantizeStatic: StepRunner<QuantizeStaticStep> = async (model, step, context) => {
  const { calibration, runtime } = context
  if (calibration === null) {
    throw new TersorError('dataset_required', 'static quantization needs a calibration dataset')
  }
  const options = {
    ...targetOf(step),
    perChannel: step.per_channel,
    reduceRange: step.reduce_range,
    calibration: { name: step.calibration.method, percentile: step.calibration.percentile },
    equalize: step.equalize,
    smoothQuant: step.smooth_quant,
    biasCorrection: step.bias_correction,
    adaround: step.adaround,
    excludedLayers: step.excluded_layers,
  }
  context.progress(0, 'calibrating')
  const feeds = calibrationFeeds(model, calibration, step.calibration.samples)
  const made = await staticCandidates(model, options, feeds, runtime)
  context.progress(0.5, `trying ${made.candidates.length} placements`)
  const models = made.candidates.map((item) => item.model)
  const trial = await tryModels(made.float, models, context)
  const { candidate, measures, reason } = await chooseCandidate(
    made.candidates,
    (item) => Promise.resolve(trial.measures[made.candidates.indexOf(item)] ?? trial.none),
    { ...DEFAULT_RULES, maxLoss: trial.maxLoss },
  )
  for (const item of measures) {
    const loss = item.loss === null ? 'not judged' : item.loss.toFixed(4)
    context.log(`placement ${item.placement}: ${item.speedup.toFixed(2)} × as fast, loss ${loss}`)
  }
  context.log(`placement ${candidate.placement} kept: ${reason}`)
  const plain = measures[made.candidates.indexOf(candidate)] ?? trial.none
  const mixed = step.mixed_precision
    ? await mixPrecision(made, { candidate, measures: plain }, trial, context)
    : NOT_MIXED
  const kept = mixed.better ?? { candidate, measures: plain }
  const tried = { measures, loss: trial.unit, max_loss: trial.maxLoss, reason }
  return {
    model: kept.candidate.model,
    details: { ...kept.candidate.details, tried, mixed_precision: mixed.details },
    declined: kept.candidate.declined,
    warnings: [
      ...lossWarnings(trial, kept.measures),
      ...paddingWarnings(model, kept.candidate),
      ...targetWarnings(step),
    ],
    layerNoise: await made.layerNoise(kept.candidate),
  }
}

interface Measured {
  readonly candidate: StaticCandidate
  readonly measures: CandidateMeasures
}

interface Mixed {
  /** `null` when nothing better was found. */
  readonly better: Measured | null
  /** For the report. */
  readonly details: unknown
}

const NOT_MIXED: Mixed = { better: null, details: 'not needed' }

/**
 * The fastest of the candidates that lose too much, with layers put back to float until it loses little enough. What is no
 * faster than what was kept is not better.
 */
async function mixPrecision(
  made: StaticCandidates,
  kept: Measured,
  trial: Trial,
  context: StepContext,
): Promise<Mixed> {
  const isLossy = ({ measures }: Measured): boolean => (measures.loss ?? 0) > trial.maxLoss
  const isMissed = isLossy(kept)
  const wanted = kept.candidate.integerNodes.length === 0 ? LEAST_GAIN : 1 + NOISE
  const all = made.candidates.map((candidate, index): Measured => {
    return { candidate, measures: trial.measures[index] ?? trial.none }
  })
  const [fastest] = all
    .filter((item) => isLossy(item) && item.candidate.integerNodes.length > 0)
    // By how much it must be faster is asked of what comes out: layers gain time in float that the cost table is wrong about.
    .filter(({ measures }) => isMissed || measures.speedup > kept.measures.speedup)
    .toSorted((one, other) => other.measures.speedup - one.measures.speedup)
  if (fastest === undefined) return NOT_MIXED
  context.progress(0.7, 'restoring layers')
  // Where integer weights alone lose too much, restored layers need their own.
  const inFloat = all.find(({ candidate }) => candidate.integerNodes.length === 0)
  const weights = inFloat !== undefined && isLossy(inFloat) ? 'float' : 'integer'
  const measure = async (item: StaticCandidate): Promise<CandidateMeasures> => {
    const { measures, none } = await tryModels(made.float, [item.model], context)
    return measures[0] ?? none
  }
  const found = await restoreLayers(made, fastest.candidate, weights, trial.maxLoss, measure)
  const { speedup, loss } = found.measures
  const count = found.names.length
  context.log(`${count} layers restored: ${speedup.toFixed(2)} × as fast, loss ${loss ?? 'none'}`)
  const isFaster = speedup > kept.measures.speedup * wanted
  const isBetter = isMissed ? (loss ?? 0) < (kept.measures.loss ?? 0) : isFaster
  const holds = isMissed || !isLossy(found)
  const better = holds && isBetter ? found : null
  const outcome = better === null ? 'no better than what was kept' : 'kept'
  return { better, details: { ...found.details, outcome } }
}

function lossWarnings({ unit, maxLoss }: Trial, kept: CandidateMeasures): ReportWarning[] {
  const loss = kept.loss ?? 0
  if (loss <= maxLoss) return []
  const detail = `no placement tried loses at most ${maxLoss} (${unit}); the one kept loses ${loss.toFixed(4)} on the trial samples`
  return [{ code: 'quality_loss', detail }]
}

/** What pruning took away can come back as zeros. */
function paddingWarnings(before: Model, { model, details }: StaticCandidate): ReportWarning[] {
  const { padded_channel_groups: groups } = details
  if (groups === 0) return []
  const [was, is] = [before, model].map((each) => staticMeasures(each, null).parameters)
  const detail = `${String(groups)} groups of channels are filled up with zeros to counts that integer kernels are fast on: ${is} parameters, ${was} before`
  return [{ code: 'channels_padded', detail }]
}

/** Jobs that an earlier version took in name no target. */
function targetOf(step: QuantizeStaticStep): Pick<StaticOptions, 'target' | 'activations'> {
  const choice: TargetChoice = { ...EARLIER, ...step }
  return { target: choice.target, activations: activationsOf(choice) }
}

const EARLIER: TargetChoice = { target: 'host', activations_dtype: 'auto' }

/** The measured file is the one handed out, but this is not where it will run. */
function targetWarnings(step: QuantizeStaticStep): ReportWarning[] {
  const { target } = targetOf(step)
  if (target === 'host') return []
  const detail = `the model was made for ${target}; what was timed and judged is how ONNX Runtime runs it on this machine's CPU`
  return [{ code: 'other_target', detail }]
}
