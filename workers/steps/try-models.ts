// Times quantized forms of a model against the float one and judges what each loses.

import type { Judgement, Samples } from '#engine/evaluate/judge'
import { judgeModels } from '#engine/evaluate/judge'
import { relativeSpeeds } from '#engine/evaluate/relative-speed'
import type { TaskMetric } from '#engine/evaluate/metrics/metrics'
import { METRIC_TRAITS } from '#engine/evaluate/metrics/metrics'
import { concreteShapes, randomFeeds } from '#engine/evaluate/random-feeds'
import type { CandidateMeasures } from '#engine/quantize/choose-candidate'
import type { RuntimeSession } from '#engine/runtime/runtime'
import { withSessions } from '#engine/runtime/with-sessions'
import type { Model } from '#src/onnx/ir/model'
import { metricOf } from './metric-of.ts'
import { openTask } from './open-task.ts'
import type { StepContext } from './step-outcome.ts'

const TRIAL = { rounds: 25, budgetMilliseconds: 2500 }
const TRIAL_SAMPLES = 512

export interface Trial {
  readonly measures: readonly CandidateMeasures[]
  readonly none: CandidateMeasures
  readonly unit: string
  readonly maxLoss: number
}

/** `models`: the float model is the reference. `samples`: as many are judged at most. */
export async function tryModels(
  float: Model,
  models: readonly Model[],
  context: StepContext,
  samples = TRIAL_SAMPLES,
): Promise<Trial> {
  const { threads, batch_size: batch } = context.spec.evaluation.latency
  const options = { threads, optimization: 'all' } as const
  return await withSessions([float, ...models], options, context.runtime, async (sessions) => {
    const { judgements, ...rule } = await judge(sessions, context, samples)
    const speedups = await timeAll(sessions, { threads, batch }, context)
    const measures = models.map((_, index): CandidateMeasures => {
      const [reference, own] = [judgements[0], judgements[index + 1]]
      const loss = reference === undefined || own === undefined ? null : rule.lossOf(reference, own)
      return { speedup: speedups[index + 1] ?? 1, loss }
    })
    return { measures, none: { speedup: 1, loss: null }, unit: rule.unit, maxLoss: rule.maxLoss }
  })
}

async function timeAll(
  sessions: readonly RuntimeSession[],
  { threads, batch }: { readonly threads: number; readonly batch: number },
  { calibration }: StepContext,
): Promise<number[]> {
  const sample = (await calibration?.batch(0, 1)) ?? {}
  const known = Object.fromEntries(Object.entries(sample).map(([name, { dims }]) => [name, dims]))
  const shapes = concreteShapes(sessions[0]?.inputs ?? [], batch, known)
  if (shapes === null) return sessions.map(() => 1)
  const feeds = randomFeeds(shapes)
  return await relativeSpeeds(
    sessions.map((session) => () => session.run(feeds)),
    { ...TRIAL, threads },
  )
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
  limit: number,
): Promise<LossRule & { readonly judgements: readonly Judgement[] }> {
  const metric = metricOf(spec.evaluation)
  const samples: Samples | null = metric === 'none' ? calibration : evaluation
  if (samples === null) return { ...BY_AGREEMENT, judgements: [] }
  const task = await openTask(spec.evaluation, sessions[0]?.outputs ?? [], samples)
  const judgements = await judgeModels(sessions, samples, { task, limit })
  if (metric !== 'none') return { ...byMetric(metric, spec.goal), judgements }
  const isDecided = judgements.every(({ agreement }) => agreement !== null)
  return { ...(isDecided ? BY_AGREEMENT : BY_NOISE), judgements }
}

function byMetric(metric: TaskMetric, goal: StepContext['spec']['goal']): LossRule {
  const { higherIsBetter, smallDrop } = METRIC_TRAITS[metric]
  return {
    unit: higherIsBetter ? `drop of ${metric}` : `relative rise of ${metric}`,
    maxLoss: goal?.max_metric_drop ?? smallDrop,
    lossOf: (reference, own) => {
      if (reference.metric === null || own.metric === null) return null
      if (higherIsBetter) return reference.metric - own.metric
      return (own.metric - reference.metric) / Math.max(reference.metric, Number.EPSILON)
    },
  }
}

/** From here on, in dB, a decision that differs was as good as a tie. */
const FAITHFUL = 30

/** Decisions are guessed from the shape of the outputs here: numbers that are close settle it as well. */
const BY_AGREEMENT: LossRule = {
  unit: `share of decisions that differ, none from ${FAITHFUL} dB on`,
  maxLoss: 0.02,
  lossOf: (_, own) => {
    if (own.agreement === null) return null
    return (own.sqnr ?? 0) >= FAITHFUL ? 0 : 1 - own.agreement
  },
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
