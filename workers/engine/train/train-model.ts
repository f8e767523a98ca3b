// Trains a model: the loop over epochs and batches.

import type { Model } from '#src/onnx/ir/model'
import type { Samples } from '../evaluate/judge.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { augment } from './augment.ts'
import type { Checkpoint } from './checkpoint.ts'
import { fixedBatch } from './free-batch.ts'
import type { LossTerm } from './losses/loss-term.ts'
import { mixedTerms } from './mixup.ts'
import { prepareTraining } from './prepare-training.ts'
import { splitSamples } from './split-samples.ts'
import { openTeacher } from './teacher.ts'
import type { EpochReport, StepReport, TrainReport } from './train-report.ts'
import type { TrainOptions } from './train-options.ts'
import { TrainingDiverged } from './train-options.ts'
import { TrainingSamples } from './training-samples.ts'
import { trainingStep } from './training-step.ts'
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

export interface CheckpointHook {
  /** Asked after every step; `epochEnds`: it was the last of an epoch. */
  readonly isDue: (step: number, epochEnds: boolean) => boolean
  readonly save: (checkpoint: Checkpoint) => void | Promise<void>
}

export interface TrainHooks {
  readonly signal?: AbortSignal
  readonly onStep?: (progress: TrainingProgress) => void
  readonly onEpoch?: (epoch: EpochReport) => void
  readonly checkpoint?: CheckpointHook
  /** Of the same task: training goes on behind it. `null`: from the beginning. */
  readonly resume?: Checkpoint | null
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
  const from = hooks.resume ?? null
  const own = options.augmentations.includes('mixup') ? mixedTerms(terms) : terms
  const prepared = await prepareTraining(model, runtime)
  const fixed = fixedBatch(prepared.model)
  const samples = await TrainingSamples.open(source)
  const split = splitSamples(samples, options, fixed)
  const stepping = await trainingStep(prepared.model, own, options, split, runtime)
  const { graph } = stepping
  const weights = new Weights(graph.state, options.averaging, from)
  const epochs = [...(from?.epochs ?? [])]
  const curve = [...(from?.curve ?? [])]
  const steps = split.stepsPerEpoch * options.epochs
  const stride = Math.max(1, Math.ceil(steps / CURVE_POINTS))
  const patience =
    split.heldBack.length === 0 ? Infinity : (options.earlyStopping?.patience ?? Infinity)
  const resumed = from === null ? 0 : from.resumed + 1
  let step = from?.step ?? 0
  let lossSum = from?.lossSum ?? 0
  let teacherRuns = from?.teacher ?? 'none'
  const stopsEarly = (): boolean =>
    step < steps && (epochs.at(-1)?.epoch ?? 0) - bestEpoch(epochs) >= patience
  let stoppedEarly = stopsEarly()
  // A checkpoint of the end needs nothing more.
  if (step < steps && !stoppedEarly) await train()
  weights.writeTo(model)
  const trained = graph.state.filter(({ role }) => role === 'weight')
  return {
    steps: step,
    batch: split.batch,
    batchReason: prepared.reason,
    shards: split.shards,
    executors: stepping.executors,
    epochs,
    curve,
    trainedParameters: trained.reduce((sum, { initial }) => sum + initial.length, 0),
    untrained: graph.untrained,
    samples: samples.count - split.heldBack.length,
    samplesHeldBack: split.heldBack.length,
    stoppedEarly,
    keptEpoch: split.heldBack.length === 0 ? epochs.length : bestEpoch(epochs),
    teacher: teacherRuns,
    resumed,
  }

  async function train(): Promise<void> {
    const opened: { release(): Promise<void> }[] = []
    const open = async <T extends { release(): Promise<void> }>(
      opening: Promise<T>,
    ): Promise<T> => {
      const item = await opening
      opened.push(item)
      return item
    }
    try {
      const teacher =
        teacherModel === null
          ? null
          : await open(openTeacher(teacherModel, terms, samples, runtime, options))
      teacherRuns = teacher?.runs ?? 'none'
      const data = { split, samples, teacher }
      const validation =
        split.heldBack.length === 0
          ? null
          : await open(openValidation(model, terms, data, weights.names, options, runtime))
      const runner = await open(stepping.open())
      while (step < steps && !stoppedEarly) {
        const epoch = Math.floor(step / split.stepsPerEpoch)
        const order = split.order(epoch)
        for (let batch = step % split.stepsPerEpoch; batch < split.stepsPerEpoch; batch += 1) {
          hooks.signal?.throwIfAborted()
          const indices = order.subarray(batch * split.batch, (batch + 1) * split.batch)
          const picked = await samples.pick(indices)
          const fields = augment(picked, options.augmentations, options.seed, step)
          const targets = (await teacher?.targets(fields, indices)) ?? {}
          const feeds = { ...fields, ...targets }
          const { loss, learningRate } = await runner.run(feeds, weights, step, steps)
          step += 1
          if (!Number.isFinite(loss)) throw new TrainingDiverged(step)
          lossSum += loss
          const report = { step, loss, learningRate }
          if (step % stride === 0 || step === 1 || step === steps) curve.push(report)
          hooks.onStep?.({ ...report, steps, epoch: epoch + 1 })
          if (batch < split.stepsPerEpoch - 1) await saveCheckpoint(false)
        }
        const validationLoss = (await validation?.loss(weights.result())) ?? null
        const done = { epoch: epoch + 1, loss: lossSum / split.stepsPerEpoch, validationLoss }
        lossSum = 0
        epochs.push(done)
        hooks.onEpoch?.(done)
        if (validation !== null && bestEpoch(epochs) === done.epoch) weights.keepBest()
        stoppedEarly = stopsEarly()
        await saveCheckpoint(true)
      }
    } finally {
      for (const item of opened) await item.release()
    }
  }

  async function saveCheckpoint(epochEnds: boolean): Promise<void> {
    if (hooks.checkpoint?.isDue(step, epochEnds) !== true) return
    const { state, average, best } = weights
    const records = { epochs: [...epochs], curve: [...curve], teacher: teacherRuns, resumed }
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
