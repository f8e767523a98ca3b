// Step `distill`: trains the student on what its teacher says of the training data.

import { GradientRefusal } from '#engine/ops/gradient-call'
import { trainModel } from '#engine/train/train-model'
import { TrainingDiverged } from '#engine/train/train-options'
import type { TrainReport } from '#engine/train/train-report'
import { TersorError } from '#src/domain/errors'
import type { ReportWarning } from '#src/domain/report'
import type { DistillStep } from '#src/recipes/distill'
import { distillTerms } from './distill-terms.ts'
import type { StepRunner } from './step-outcome.ts'
import { trainingOptions } from './training-options.ts'

export const runDistill: StepRunner<DistillStep> = async (current, step, context) => {
  const { train, runtime } = context
  if (train === null) {
    throw new TersorError('dataset_required', 'distillation needs a training dataset')
  }
  const student = step.student === null ? current : await context.openModel(step.student)
  const teacher = await context.openModel(step.teacher)
  const sample = await train.batch(0, 1)
  const terms = distillTerms(student, step, context.spec.evaluation, sample)
  const options = trainingOptions(step.training, train.count)
  const task = { terms, teacher, samples: train, options }
  const { epochs } = step.training
  const report = await trainModel(student, task, runtime, {
    onStep: ({ step: done, steps, epoch, loss }) => {
      context.progress(done / steps, `epoch ${epoch}/${epochs} loss ${loss.toPrecision(3)}`)
    },
    onEpoch: ({ epoch, loss, validationLoss }) => {
      const held = validationLoss === null ? '' : `, held back ${validationLoss.toPrecision(4)}`
      context.log(`epoch ${epoch} of ${epochs}: loss ${loss.toPrecision(4)}${held}`)
    },
  }).catch((error: unknown) => {
    throw publicError(error)
  })
  return {
    model: student,
    details: {
      ...detailsOf(report),
      teacher: step.teacher ?? context.spec.model,
      student: step.student ?? 'the model so far',
      losses: terms.map(({ kind, output, target, weight }) => ({ kind, output, target, weight })),
      threads: options.threads,
    },
    declined: report.untrained.map((weight) => ({
      rule: 'distill',
      node: weight,
      reason: 'the loss does not depend on this weight: it stays as it is',
    })),
    warnings: warningsOf(report),
    layerNoise: new Map(),
  }
}

function detailsOf(report: TrainReport): Record<string, unknown> {
  return {
    steps: report.steps,
    samples: report.samples,
    samples_held_back: report.samplesHeldBack,
    trained_parameters: report.trainedParameters,
    stopped_early: report.stoppedEarly,
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
