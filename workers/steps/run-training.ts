// Trains a model inside a job: with a teacher, with labels, or both; tells how it went. For every step that trains.

import { GradientRefusal } from '#engine/ops/gradient-call'
import type { HintTerm } from '#engine/train/losses/loss-term'
import type { Declined } from '#engine/rewrite/pass'
import { trainModel } from '#engine/train/train-model'
import type { TrainOptions } from '#engine/train/train-options'
import { TrainingDiverged } from '#engine/train/train-options'
import type { TrainReport } from '#engine/train/train-report'
import { TersorError } from '#src/domain/errors'
import type { ReportWarning } from '#src/domain/report'
import type { Model } from '#src/onnx/ir/model'
import type { TrainingRequest } from './distill-terms.ts'
import { distillTerms } from './distill-terms.ts'
import type { StepContext } from './step-outcome.ts'
import { trainingOptions } from './training-options.ts'

export interface TrainingOutcome {
  readonly details: Readonly<Record<string, unknown>>
  readonly declined: readonly Declined[]
  readonly warnings: readonly ReportWarning[]
}

/**
 * Changes the weights of `model` in place; zeros of pruned weights stay.
 * @throws TersorError dataset_required, step_unsupported naming the node, step_failed when the loss diverges
 */
export async function runTraining(
  model: Model,
  teacher: Model,
  { hints, ...request }: TrainingRequest & { readonly hints?: readonly HintTerm[] },
  context: Pick<StepContext, 'train' | 'spec' | 'runtime' | 'checkpoints' | 'progress' | 'log'>,
  more: Partial<Pick<TrainOptions, 'stepSizes' | 'frozenLayers'>> = {},
): Promise<TrainingOutcome> {
  const { train, spec, runtime, checkpoints } = context
  if (train === null) {
    throw new TersorError('dataset_required', 'training needs a training dataset')
  }
  const sample = await train.batch(0, 1)
  const terms = [...distillTerms(model, request, spec.evaluation, sample), ...(hints ?? [])]
  const options = { ...trainingOptions(request.training, train.count), ...more }
  const asks = terms.some(({ target }) => target.startsWith('teacher/'))
  const task = { terms, teacher: asks ? teacher : null, samples: train, options }
  const { epochs } = options
  const identity = { model, terms, options, runtime: runtime.version }
  const { resume, hook } = await checkpoints.begin(identity)
  const secondsLeft = paceOfSteps()
  const report = await trainModel(model, task, runtime, {
    resume,
    checkpoint: hook,
    onStep: ({ step, steps, epoch, loss, learningRate }) => {
      const words = [
        `epoch ${epoch}/${epochs}`,
        `step ${step}/${steps}`,
        `loss ${loss.toPrecision(3)}`,
        `learning rate ${learningRate.toPrecision(2)}`,
      ]
      context.progress(step / steps, words.join(' '), secondsLeft(step, steps))
    },
    onEpoch: ({ epoch, loss, validationLoss }) => {
      const held = validationLoss === null ? '' : `, held back ${validationLoss.toPrecision(4)}`
      context.log(`epoch ${epoch} of ${epochs}: loss ${loss.toPrecision(4)}${held}`)
    },
  }).catch((error: unknown) => {
    throw publicError(error)
  })
  const losses = terms.map(({ kind, output, target, weight }) => ({ kind, output, target, weight }))
  return {
    details: { ...detailsOf(report), losses, threads: options.threads },
    declined: declinedBy(report, options),
    warnings: warningsOf(report),
  }
}

function declinedBy(
  { untrained, batch, batchReason, shards }: TrainReport,
  options: TrainOptions,
): Declined[] {
  const weights = untrained.map((weight) => ({
    rule: 'train',
    node: weight,
    reason: 'the loss does not depend on this weight: it stays as it is',
  }))
  const reasons: string[] = []
  if (batchReason !== null) {
    reasons.push(
      `trained on ${batch} samples at a time, as many as the model is written for: ${batchReason}`,
    )
  }
  if (shards < options.shards) {
    const why =
      batchReason === null ? 'more than there are samples in it' : 'the model takes it whole'
    reasons.push(`batches of ${batch} were not cut into ${options.shards} parts, ${why}`)
  }
  return [...reasons.map((reason) => ({ rule: 'train', node: null, reason })), ...weights]
}

/** Seconds left at the pace since the first call; none are known at the first. */
function paceOfSteps(): (step: number, steps: number) => number | undefined {
  let first: { readonly step: number; readonly at: number } | null = null
  return (step, steps) => {
    first ??= { step, at: performance.now() }
    if (step === first.step) return undefined
    const perStep = (performance.now() - first.at) / (step - first.step)
    return Math.round((perStep * (steps - step)) / 1000)
  }
}

function detailsOf(report: TrainReport): Record<string, unknown> {
  return {
    steps: report.steps,
    batch_size: report.batch,
    shards: report.shards,
    executors: report.executors,
    samples: report.samples,
    samples_held_back: report.samplesHeldBack,
    trained_parameters: report.trainedParameters,
    stopped_early: report.stoppedEarly,
    resumed: report.resumed,
    kept_epoch: report.keptEpoch,
    teacher_runs: report.teacher,
    epochs: report.epochs.map(({ epoch, loss, validationLoss }) => ({
      epoch,
      loss,
      validation_loss: validationLoss,
    })),
    curve: report.curve.map(({ step, loss, learningRate }) => ({
      step,
      loss,
      learning_rate: learningRate,
    })),
  }
}

function warningsOf({ epochs }: TrainReport): ReportWarning[] {
  const [first, last] = [epochs[0]?.loss, epochs.at(-1)?.loss]
  if (first === undefined || last === undefined || epochs.length === 1 || last < first) return []
  const detail = `the loss did not fall: ${first.toPrecision(4)} in the first epoch, ${last.toPrecision(4)} in the last`
  return [{ code: 'training_did_not_help', detail }]
}

function publicError(error: unknown): unknown {
  if (error instanceof GradientRefusal) return new TersorError('step_unsupported', error.message)
  if (error instanceof TrainingDiverged) return new TersorError('step_failed', error.message)
  return error
}
