import { describe, expect, it } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import type { Checkpoint } from '#engine/train/checkpoint'
import { checkpointParts, decodeCheckpoint } from '#engine/train/checkpoint'
import type { LossTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import type { TrainHooks } from '#engine/train/train-model'
import { trainModel } from '#engine/train/train-model'
import type { TrainOptions } from '#engine/train/train-options'
import { TrainingDiverged } from '#engine/train/train-options'
import type { Model } from '#src/onnx/ir/model'
import { HARD, OPTIONS, accuracy, toyNet, toyPictures, weightsOf } from './train-toy.ts'

const runtime = openRuntime()
const samples = toyPictures(256)
const unseen = toyPictures(200, 9)

async function train(model: Model, options: Partial<TrainOptions> = {}, hooks: TrainHooks = {}) {
  const task = { terms: [HARD], teacher: null, samples, options: { ...OPTIONS, ...options } }
  return await trainModel(model, task, runtime, hooks)
}

describe('training on labels', () => {
  it('makes the loss fall and the network right', async () => {
    const model = toyNet(8)
    expect(await accuracy(model, unseen, runtime)).toBeLessThan(0.6)
    const report = await train(model, { epochs: 12 })
    expect(report.steps).toBe(16 * 12)
    expect(report.epochs.at(-1)!.loss).toBeLessThan(report.epochs[0]!.loss / 3)
    expect(report.curve.at(-1)!.step).toBe(report.steps)
    expect(report.untrained).toEqual([])
    expect(await accuracy(model, unseen, runtime)).toBeGreaterThan(0.9)
  })

  it.each([
    { type: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
    { type: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 },
    { type: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-4 },
  ] as const)('works with $type, momentum $momentum', async (optimizer) => {
    const learningRate = optimizer.type === 'adam' ? 0.01 : 0.1
    const report = await train(toyNet(8), { epochs: 5, optimizer, learningRate, clipNorm: 2 })
    expect(report.epochs.at(-1)!.loss).toBeLessThan(report.epochs[0]!.loss * 0.8)
  })

  it('gives the same bits for the same seed, others for another', async () => {
    const models = [toyNet(4), toyNet(4), toyNet(4)] as const
    await train(models[0], { epochs: 1 })
    await train(models[1], { epochs: 1 })
    await train(models[2], { epochs: 1, seed: 1 })
    expect(weightsOf(models[1])).toEqual(weightsOf(models[0]))
    expect(weightsOf(models[2])).not.toEqual(weightsOf(models[0]))
  })

  it('goes on from any checkpoint to the same bits', async () => {
    const options: Partial<TrainOptions> = {
      epochs: 3,
      averaging: 0.9,
      augmentations: ['shift', 'cutout'],
      earlyStopping: { patience: 2, fraction: 0.2 },
    }
    const saved: Checkpoint[] = []
    const whole = toyNet(4)
    const save = (checkpoint: Checkpoint) => void saved.push(checkpoint)
    const isDue = (step: number, epochEnds: boolean) => step % 5 === 0 || epochEnds
    const report = await train(whole, options, { checkpoint: { isDue, save } })
    // In mid-epoch, at the end of an epoch, behind the last step.
    for (const step of [5, 13, 20, 26, report.steps]) {
      const checkpoint = saved.find((one) => one.step === step)!
      const label = { revision: 1, fingerprint: 'f', id: String(step) }
      const bytes = new Uint8Array(Buffer.concat(checkpointParts(checkpoint, label)))
      const decoded = decodeCheckpoint(bytes)
      expect(decoded.label).toEqual(label)
      const resumed = toyNet(4)
      const rest = await train(resumed, options, { resume: decoded.checkpoint })
      expect(weightsOf(resumed)).toEqual(weightsOf(whole))
      expect(rest).toEqual({ ...report, resumed: 1 })
      expect(() => decodeCheckpoint(bytes.subarray(0, bytes.length - 1))).toThrow(RangeError)
    }
    expect(() => decodeCheckpoint(new Uint8Array(9).fill(65))).toThrow(RangeError)
  })

  it('goes on from the end of a training that stopped early', async () => {
    const options: Partial<TrainOptions> = {
      epochs: 30,
      learningRate: 0.2,
      schedule: { kind: 'constant', warmUp: 0 },
      earlyStopping: { patience: 1, fraction: 0.25 },
    }
    let last: Checkpoint | null = null
    const whole = toyNet(4)
    const save = (checkpoint: Checkpoint) => void (last = checkpoint)
    const report = await train(whole, options, { checkpoint: { isDue: (_, ends) => ends, save } })
    expect(report.stoppedEarly).toBe(true)
    const resumed = toyNet(4)
    const onStep = () => expect.unreachable()
    const rest = await train(resumed, options, { resume: last, onStep })
    expect(weightsOf(resumed)).toEqual(weightsOf(whole))
    expect(rest).toEqual({ ...report, resumed: 1 })
  })

  it('keeps pruned weights at 0', async () => {
    const model = toyNet(8)
    const pruned = weightsOf(model).w3!
    for (let index = 0; index < pruned.length; index += 2) pruned[index] = 0
    await train(model, { epochs: 2 })
    const after = weightsOf(model).w3!
    expect(after.filter((_, index) => index % 2 === 0).every((weight) => weight === 0)).toBe(true)
    expect(after.filter((weight) => weight !== 0).length).toBe(after.length / 2)
  })

  it('leaves frozen layers and frozen statistics alone', async () => {
    const model = toyNet(4)
    const before = structuredClone(weightsOf(model))
    await train(model, { epochs: 1, batchNorm: 'frozen', frozenLayers: ['y'] })
    const after = weightsOf(model)
    const changed = Object.keys(after).filter((name) =>
      after[name]!.some((v, i) => v !== before[name]![i]),
    )
    expect(changed.sort()).toEqual(['b', 's', 'w1', 'w2'])
  })

  it('stops when the samples held back say so, and hands back the best epoch', async () => {
    const losses: number[] = []
    const options = {
      epochs: 30,
      learningRate: 0.03,
      earlyStopping: { patience: 2, fraction: 0.25 },
    }
    const onEpoch: TrainHooks['onEpoch'] = ({ validationLoss }) => void losses.push(validationLoss!)
    const report = await train(
      toyNet(6),
      { ...options, schedule: { kind: 'constant', warmUp: 0 } },
      { onEpoch },
    )
    expect(report.samplesHeldBack).toBe(64)
    expect(losses[report.keptEpoch - 1]).toBe(Math.min(...losses))
    expect(report.stoppedEarly).toBe(losses.length < 30)
    if (report.stoppedEarly) expect(losses.length - report.keptEpoch).toBe(2)
  })

  it('can be canceled between two steps', async () => {
    const controller = new AbortController()
    const model = toyNet(4)
    const before = structuredClone(weightsOf(model))
    const onStep: TrainHooks['onStep'] = ({ step }) => {
      if (step === 3) controller.abort(new Error('enough'))
    }
    await expect(train(model, {}, { signal: controller.signal, onStep })).rejects.toThrow('enough')
    expect(weightsOf(model)).toEqual(before)
  })

  it('says when it diverges', async () => {
    const optimizer = { type: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 } as const
    const options = { optimizer, learningRate: 1e12, batchNorm: 'frozen' } as const
    await expect(train(toyNet(4), options)).rejects.toThrow(TrainingDiverged)
  })
})

describe('training on what a teacher says', () => {
  it('brings a smaller network near it, without labels', async () => {
    const teacher = toyNet(8)
    await train(teacher, { epochs: 10 })
    const student = toyNet(3, 40)
    const output = 'y'
    const term: LossTerm = {
      kind: 'divergence',
      output,
      target: teacherTarget(output),
      targetType: 'float32',
      weight: 1,
      axis: -1,
      temperature: 4,
    }
    const before = await accuracy(student, unseen, runtime)
    const options = { ...OPTIONS, epochs: 15, learningRate: 0.02 }
    const report = await trainModel(student, { terms: [term], teacher, samples, options }, runtime)
    expect(report.teacher).toBe('once')
    expect(report.epochs.at(-1)!.loss).toBeLessThan(report.epochs[0]!.loss / 4)
    expect(await accuracy(student, unseen, runtime)).toBeGreaterThan(Math.max(before, 0.8))
  })
})
