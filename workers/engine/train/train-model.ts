// Trains a model: the loop over epochs and batches.

import type { Model } from '#src/onnx/ir/model'
import type { Samples } from '../evaluate/judge.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { augment } from './augment.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { LossTerm } from './losses/loss-term.ts'
import { prepareTraining } from './prepare-training.ts'
import { splitSamples } from './split-samples.ts'
import { openStepRunner } from './step-runner.ts'
import { buildStepGraph } from './step-graph.ts'
import { openTeacher } from './teacher.ts'
import type { EpochReport, StepReport, TrainReport } from './train-report.ts'
import type { TrainOptions } from './train-options.ts'
import { TrainingDiverged } from './train-options.ts'
import { TrainingSamples } from './training-samples.ts'
import { openValidation } from './validation.ts'
import { Weights } from './weights.ts'

export interface TrainingTask {
  readonly terms: readonly LossTerm[]
  /** Gives the targets of the terms that ask for `teacherTarget`; `null` when none does. */
  readonly teacher: Model | null
  /** Inputs of the model and the other targets, by field. */
  readonly samples: Samples
  readonly options: TrainOptions
}

export interface TrainingProgress extends StepReport {
  readonly steps: number
  readonly epoch: number
}

export interface TrainHooks {
  readonly signal?: AbortSignal
  readonly onStep?: (progress: TrainingProgress) => void
  readonly onEpoch?: (epoch: EpochReport) => void
  /** Called after every so many steps. */
  readonly checkpoint?: {
    readonly every: number
    readonly save: (checkpoint: Checkpoint) => void | Promise<void>
  }
  /** Of the same task: training goes on behind it. */
  readonly resume?: Checkpoint
}

/** Points of the curve that a report holds. */
const CURVE_POINTS = 200

/**
 * Changes the weights of `model` in place; everything else stays.
 * @throws GradientRefusal naming the node that has no gradient; TrainingDiverged; RuntimeRejection; what the signal says
 */
export async function trainModel(
  model: Model,
  { terms, teacher: teacherModel, samples: source, options }: TrainingTask,
  runtime: Runtime,
  hooks: TrainHooks = {},
): Promise<TrainReport> {
  const graph = buildStepGraph(await prepareTraining(model, runtime), terms, options)
  const samples = await TrainingSamples.open(source)
  const split = splitSamples(samples, options)
  const weights = new Weights(graph.state, options.averaging, hooks.resume ?? null)
  const epochs = [...(hooks.resume?.epochs ?? [])]
  const curve = [...(hooks.resume?.curve ?? [])]
  const steps = split.stepsPerEpoch * options.epochs
  const stride = Math.max(1, Math.ceil(steps / CURVE_POINTS))
  let step = hooks.resume?.step ?? 0
  let lossSum = hooks.resume?.lossSum ?? 0
  let stoppedEarly = false
  let teacherRuns: TrainReport['teacher'] = 'none'
  const opened: { release(): Promise<void> }[] = []
  try {
    const teacher =
      teacherModel === null
        ? null
        : await openTeacher(teacherModel, terms, samples, runtime, options)
    if (teacher !== null) {
      opened.push(teacher)
      teacherRuns = teacher.runs
    }
    const validation =
      split.heldBack.length === 0
        ? null
        : await openValidation(
            model,
            terms,
            { split, samples, teacher },
            weights.names,
            options,
            runtime,
          )
    if (validation !== null) opened.push(validation)
    const runner = await openStepRunner(graph, options, runtime)
    opened.push(runner)
    while (step < steps && !stoppedEarly) {
      const epoch = Math.floor(step / split.stepsPerEpoch)
      const order = split.order(epoch)
      for (let batch = step % split.stepsPerEpoch; batch < split.stepsPerEpoch; batch += 1) {
        hooks.signal?.throwIfAborted()
        const indices = order.subarray(batch * split.batch, (batch + 1) * split.batch)
        const picked = await samples.pick(indices)
        const fields = augment(picked, options.augmentations, options.seed, step)
        const targets = (await teacher?.targets(fields, indices)) ?? {}
        const { loss, learningRate } = await runner.run(
          { ...fields, ...targets },
          weights,
          step,
          steps,
        )
        step += 1
        if (!Number.isFinite(loss)) throw new TrainingDiverged(step)
        lossSum += loss
        const report = { step, loss, learningRate }
        if (step % stride === 0 || step === 1 || step === steps) curve.push(report)
        hooks.onStep?.({ ...report, steps, epoch: epoch + 1 })
        if (batch < split.stepsPerEpoch - 1) await saveCheckpoint()
      }
      const validationLoss = (await validation?.loss(weights.result())) ?? null
      const done = { epoch: epoch + 1, loss: lossSum / split.stepsPerEpoch, validationLoss }
      lossSum = 0
      epochs.push(done)
      hooks.onEpoch?.(done)
      const patience = options.earlyStopping?.patience ?? Infinity
      const best = bestEpoch(epochs)
      if (validation !== null && best === done.epoch) weights.keepBest()
      stoppedEarly = validation !== null && done.epoch - best >= patience && step < steps
      if (!stoppedEarly) await saveCheckpoint()
    }
  } finally {
    for (const item of opened) await item.release()
  }
  weights.writeTo(model)
  const trained = graph.state.filter(({ role }) => role === 'weight')
  return {
    steps: step,
    epochs,
    curve,
    trainedParameters: trained.reduce((sum, { initial }) => sum + initial.length, 0),
    untrained: graph.untrained,
    samples: samples.count - split.heldBack.length,
    samplesHeldBack: split.heldBack.length,
    stoppedEarly,
    keptEpoch: split.heldBack.length === 0 ? epochs.length : bestEpoch(epochs),
    teacher: teacherRuns,
  }

  async function saveCheckpoint(): Promise<void> {
    if (hooks.checkpoint === undefined || step % hooks.checkpoint.every !== 0) return
    const { state, average, best } = weights
    const records = { epochs: [...epochs], curve: [...curve] }
    await hooks.checkpoint.save({ step, state, average, best, lossSum, ...records })
  }
}

/** The first of those with the least loss on the samples held back. */
function bestEpoch(epochs: readonly EpochReport[]): number {
  let best = epochs[0]
  for (const epoch of epochs) {
    if ((epoch.validationLoss ?? 0) < (best?.validationLoss ?? 0)) best = epoch
  }
  return best?.epoch ?? 0
}
