// Step `quantize`, method `qat`: quantizes as the static method does, trains with the quantizers in place, and writes what was learnt
// into the same graph.

import { DEFAULT_RULES, chooseCandidate } from '#engine/quantize/choose-candidate'
import { quantizationAware } from '#engine/quantize/qat/quantization-aware'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { TersorError } from '#src/domain/errors'
import type { ReportWarning } from '#src/domain/report'
import type { QuantizeQatStep } from '#src/recipes/quantize-qat'
import { calibrationFeeds } from './calibration-feeds.ts'
import { runTraining } from './run-training.ts'
import type { StepRunner } from './step-outcome.ts'
import { partOf } from './step-outcome.ts'
import { tryModels } from './try-models.ts'

/** Share of the step before training begins. */
const PREPARING = 0.15
const TRAINED = 0.95

export const runQuantizeQat: StepRunner<QuantizeQatStep> = async (model, step, context) => {
  const { calibration, runtime } = context
  if (calibration === null) {
    throw new TersorError('dataset_required', 'quantization-aware training needs calibration data')
  }
  // What these repair, training repairs better.
  const repairs = { equalize: false, smoothQuant: false, biasCorrection: false, adaround: false }
  const options = {
    ...STATIC_DEFAULTS,
    ...repairs,
    perChannel: step.per_channel,
    calibration: { name: step.calibration.method, percentile: step.calibration.percentile },
    excludedLayers: step.excluded_layers,
  }
  context.progress(0, 'calibrating')
  const feeds = calibrationFeeds(model, calibration, step.calibration.samples)
  const made = await staticCandidates(model, options, feeds, runtime)
  const timed = await tryModels(
    made.float,
    made.candidates.map((item) => item.model),
    context,
  )
  // The fastest: what it loses is what training is for.
  const { candidate, measures } = await chooseCandidate(
    made.candidates,
    (item) => Promise.resolve(timed.measures[made.candidates.indexOf(item)] ?? timed.none),
    { ...DEFAULT_RULES, maxLoss: Infinity },
  )
  if (candidate.placement === 'unchanged') {
    return { ...candidate, warnings: [], layerNoise: new Map() }
  }
  context.log(`placement ${candidate.placement} is trained`)
  const qat = quantizationAware(made.float, candidate.model, {
    weightBits: step.weights_dtype === 'int4' ? 4 : 8,
    learnSteps: step.learn_scales,
    frozenLayers: step.training.frozen_layers,
  })
  const before = qat.quantized()
  const { alpha, temperature, training } = step
  const request = { loss: 'auto', alpha, temperature, training } as const
  const trained = await runTraining(
    qat.student,
    await context.openModel(null),
    request,
    partOf(context, PREPARING, TRAINED),
    { stepSizes: qat.stepSizes, frozenLayers: [...training.frozen_layers, ...qat.frozen] },
  )
  const after = qat.quantized()
  const tried = await tryModels(made.float, [before, after], context)
  const [lossBefore, lossAfter] = tried.measures.map(({ loss }) => loss)
  const isWorse = (lossAfter ?? 0) > (lossBefore ?? 0)
  const loss = {
    unit: tried.unit,
    before_training: lossBefore ?? null,
    after_training: lossAfter ?? null,
  }
  context.log(
    `loss (${tried.unit}): ${String(loss.before_training)} before training, ${String(loss.after_training)} after`,
  )
  return {
    model: isWorse ? before : after,
    details: {
      ...candidate.details,
      ...qat.details,
      tried: measures,
      loss,
      kept: isWorse ? 'before training' : 'trained',
      training: trained.details,
    },
    declined: [...candidate.declined, ...qat.declined, ...trained.declined],
    warnings: [...trained.warnings, ...(isWorse ? [notHelped(loss)] : [])],
    layerNoise: new Map(),
  }
}

function notHelped(loss: Readonly<Record<string, unknown>>): ReportWarning {
  const detail = `the model quantized without training loses less on the trial samples (${String(loss['before_training'])} against ${String(loss['after_training'])}): it is the one handed back`
  return { code: 'training_did_not_help', detail }
}
