// Step `quantize`, method `static`: makes the candidates, times and judges them side by side, keeps the best.

import type { Judgement, JudgeOptions, Samples } from '#engine/evaluate/judge'
import { judgeModels } from '#engine/evaluate/judge'
import { timeInterleaved } from '#engine/evaluate/latency'
import { METRICS } from '#engine/evaluate/metrics/metrics'
import { concreteShapes, randomFeeds } from '#engine/evaluate/random-feeds'
import type { CandidateMeasures } from '#engine/quantize/choose-candidate'
import { chooseCandidate } from '#engine/quantize/choose-candidate'
import type { StaticCandidates } from '#engine/quantize/static'
import { staticCandidates } from '#engine/quantize/static'
import type { RuntimeSession } from '#engine/runtime/runtime'
import { TersorError } from '#src/domain/errors'
import type { ReportWarning } from '#src/domain/report'
import { modelBytes } from '#src/onnx/write-model'
import type { QuantizeStaticStep } from '#src/recipes/quantize'
import { calibrationFeeds } from './calibration-feeds.ts'
import { metricOf } from './metric-of.ts'
import type { StepContext, StepRunner } from './step-outcome.ts'

const TRIAL = { runs: 15, warmUp: 2, budgetMilliseconds: 3000 }
const TRIAL_SAMPLES = 512
const NOISE = 0.02

export const runQuantizeStatic: StepRunner<QuantizeStaticStep> = async (model, step, context) => {
  const { calibration, runtime } = context
  if (calibration === null) {
    throw new TersorError('dataset_required', 'static quantization needs a calibration dataset')
  }
  const options = {
    perChannel: step.per_channel,
    reduceRange: step.reduce_range,
    calibration: { name: step.calibration.method, percentile: step.calibration.percentile },
    equalize: step.equalize,
    biasCorrection: step.bias_correction,
    excludedLayers: step.excluded_layers,
  }
  context.progress(0, 'calibrating')
  const feeds = calibrationFeeds(model, calibration, step.calibration.samples)
  const made = await staticCandidates(model, options, feeds, runtime)
  context.progress(0.5, `trying ${made.candidates.length} placements`)
  const trial = await tryCandidates(made, context)
  const { candidate, measures, reason } = await chooseCandidate(
    made.candidates,
    (item) => Promise.resolve(trial.measures[made.candidates.indexOf(item)] ?? trial.none),
    { maxLoss: trial.maxLoss, noise: NOISE },
  )
  for (const item of measures) {
    const loss = item.loss === null ? 'not judged' : item.loss.toFixed(4)
    context.log(`placement ${item.placement}: ${item.speedup.toFixed(2)} × as fast, loss ${loss}`)
  }
  context.log(`placement ${candidate.placement} kept: ${reason}`)
  const tried = { measures, loss: trial.unit, max_loss: trial.maxLoss, reason }
  return {
    model: candidate.model,
    details: { ...candidate.details, tried },
    declined: candidate.declined,
    warnings: lossWarnings(
      trial,
      measures.find((item) => item.placement === candidate.placement),
    ),
  }
}

function lossWarnings(
  { unit, maxLoss }: Trial,
  kept: CandidateMeasures | undefined,
): ReportWarning[] {
  const loss = kept?.loss ?? 0
  if (loss <= maxLoss) return []
  const detail = `no placement tried loses at most ${maxLoss} (${unit}); the one kept loses ${loss.toFixed(4)} on the trial samples`
  return [{ code: 'quality_loss', detail }]
}

interface Trial {
  readonly measures: readonly CandidateMeasures[]
  readonly none: CandidateMeasures
  readonly unit: string
  readonly maxLoss: number
}

async function tryCandidates(made: StaticCandidates, context: StepContext): Promise<Trial> {
  const { threads, batch_size: batch } = context.spec.evaluation.latency
  const sessions: RuntimeSession[] = []
  try {
    for (const { model } of [{ model: made.float }, ...made.candidates]) {
      const bytes = modelBytes(model, 'inline')
      sessions.push(await context.runtime.load(bytes, { threads, optimization: 'all' }))
    }
    const { judgements, ...rule } = await judge(sessions, context)
    const speedups = await timeAll(sessions, batch, context)
    const measures = made.candidates.map((_, index): CandidateMeasures => {
      const [reference, own] = [judgements[0], judgements[index + 1]]
      const loss = reference === undefined || own === undefined ? null : rule.lossOf(reference, own)
      return { speedup: speedups[index + 1] ?? 1, loss }
    })
    return { measures, none: { speedup: 1, loss: null }, unit: rule.unit, maxLoss: rule.maxLoss }
  } finally {
    for (const session of sessions) await session.release()
  }
}

async function timeAll(
  sessions: readonly RuntimeSession[],
  batch: number,
  { calibration }: StepContext,
): Promise<number[]> {
  const sample = (await calibration?.batch(0, 1)) ?? {}
  const known = Object.fromEntries(Object.entries(sample).map(([name, { dims }]) => [name, dims]))
  const shapes = concreteShapes(sessions[0]?.inputs ?? [], batch, known)
  if (shapes === null) return sessions.map(() => 1)
  const feeds = randomFeeds(shapes)
  const timings = await timeInterleaved(
    sessions.map((session) => () => session.run(feeds)),
    TRIAL,
  )
  return timings.map(({ p50 }) => (timings[0]?.p50 ?? p50) / p50)
}

interface LossRule {
  readonly unit: string
  readonly maxLoss: number
  readonly lossOf: (reference: Judgement, own: Judgement) => number | null
}

/** By the metric asked for, where there are labels; else by agreement, or by noise where nothing is decided. */
async function judge(
  sessions: readonly RuntimeSession[],
  { spec, calibration, evaluation }: StepContext,
): Promise<LossRule & { readonly judgements: readonly Judgement[] }> {
  const metric = metricOf(spec.evaluation)
  const samples: Samples | null = metric === 'none' ? calibration : evaluation
  if (samples === null) return { ...BY_AGREEMENT, judgements: [] }
  const { output, labels } = spec.evaluation
  const options: JudgeOptions = { metric, output, labels, limit: TRIAL_SAMPLES }
  const judgements = await judgeModels(sessions, samples, options)
  if (metric !== 'none') return { ...byMetric(metric, spec.goal), judgements }
  const isDecided = judgements.every(({ agreement }) => agreement !== null)
  return { ...(isDecided ? BY_AGREEMENT : BY_NOISE), judgements }
}

const MAX_METRIC_DROP = 0.005

function byMetric(metric: keyof typeof METRICS, goal: StepContext['spec']['goal']): LossRule {
  const { higherIsBetter } = METRICS[metric]
  return {
    unit: higherIsBetter ? `drop of ${metric}` : `relative rise of ${metric}`,
    maxLoss: goal?.max_metric_drop ?? MAX_METRIC_DROP,
    lossOf: (reference, own) => {
      if (reference.metric === null || own.metric === null) return null
      if (higherIsBetter) return reference.metric - own.metric
      return (own.metric - reference.metric) / Math.max(reference.metric, Number.EPSILON)
    },
  }
}

const BY_AGREEMENT: LossRule = {
  unit: 'share of decisions that differ',
  maxLoss: 0.02,
  lossOf: (_, own) => (own.agreement === null ? null : 1 - own.agreement),
}

/** Noise ÷ signal: 0.01 is 20 dB. */
const BY_NOISE: LossRule = {
  unit: 'noise ÷ signal',
  maxLoss: 0.01,
  lossOf: (_, own) => {
    if (own.isEqual) return 0
    return own.sqnr === null ? null : 10 ** (-own.sqnr / 10)
  },
}
