// Batches in parts: the same as in one piece where nothing normalises by the batch, and the same bits however many parts run at once.

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Samples } from '#engine/evaluate/judge'
import { openRuntime } from '#engine/runtime/ort'
import { openSessionThreads } from '#engine/runtime/session-threads'
import type { Checkpoint } from '#engine/train/checkpoint'
import type { CrossEntropyTerm, LossTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import type { TrainHooks } from '#engine/train/train-model'
import { trainModel } from '#engine/train/train-model'
import type { TrainOptions } from '#engine/train/train-options'
import type { Model } from '#src/onnx/ir/model'
import { HARD, OPTIONS, toyNet, toyPictures, weightsOf } from './train-toy.ts'

const alone = openRuntime()
const entry = join(import.meta.dirname, '../../dist/workers/engine/runtime/session-thread.js')
const threads = openSessionThreads(entry, 2)
const beside = openRuntime(threads)
const samples = toyPictures(96)

interface Task {
  readonly terms?: readonly LossTerm[]
  readonly data?: Samples
  readonly hooks?: TrainHooks
  readonly runtime?: typeof alone
}

async function train(model: Model, options: Partial<TrainOptions>, task: Task = {}) {
  const { terms = [HARD], data = samples, runtime = alone, hooks } = task
  const asks = terms.some(({ target }) => target !== HARD.target)
  const teacher = asks ? toyNet(8, 70) : null
  const all = { ...OPTIONS, ...options }
  return await trainModel(model, { terms, teacher, samples: data, options: all }, runtime, hooks)
}

/** Every third sample of the first half has no label: parts have different numbers of them. */
const HALF_LABELLED: Samples = {
  count: samples.count,
  batch: async (start, end) => {
    const { x, labels } = await samples.batch(start, end)
    const known = (labels!.data as BigInt64Array).map((label, row) =>
      start + row < 48 && (start + row) % 3 === 0 ? -1n : label,
    )
    return { x: x!, labels: { ...labels!, data: known } }
  },
}

const TEACHER = { target: teacherTarget('y'), targetType: 'float32', output: 'y' } as const
const DIVERGENCE: LossTerm = { ...TEACHER, kind: 'divergence', weight: 2, axis: -1, temperature: 4 }
const SQUARED: LossTerm = { ...TEACHER, kind: 'squared_error', weight: 1, scale: 'relative' }
const HINT: LossTerm = {
  kind: 'hint',
  output: 'r2',
  teacher: 'r2',
  target: teacherTarget('hint'),
  targetType: 'float32',
  weight: 0.5,
  compare: 'features',
  axis: 1,
  adapter: { name: 'adapter/r2', from: 4, to: 8, seed: 0 },
}
const SMOOTH = { ...HARD, smoothing: 0.1, weight: 0.3 } as CrossEntropyTerm

const SGD = { type: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-3 } as const
/** Few steps: later on, a ReLU at its kink goes one way or the other. */
const PLAIN: Partial<TrainOptions> = {
  epochs: 1,
  optimizer: SGD,
  learningRate: 0.05,
  batchNorm: 'frozen',
  clipNorm: 0.5,
}

describe('a network without normalisation by the batch', () => {
  it.each([
    ['labels', [HARD], samples, {}],
    ['labels of some samples, smoothed', [SMOOTH], HALF_LABELLED, {}],
    ['mixed labels', [SMOOTH], HALF_LABELLED, { augmentations: ['mixup'] }],
    ['a teacher and labels', [DIVERGENCE, SMOOTH], HALF_LABELLED, {}],
    ['errors over the size of the answer', [SQUARED], samples, {}],
    ['hints', [HINT, HARD], samples, {}],
  ] as const)('learns from %s in parts as in one piece', async (_, terms, data, more) => {
    const models = [toyNet(4), toyNet(4), toyNet(4)] as const
    const reports = []
    for (const [index, shards] of [1, 2, 4].entries()) {
      reports.push(await train(models[index]!, { ...PLAIN, ...more, shards }, { terms, data }))
    }
    const [whole, ...cut] = models.map(weightsOf)
    for (const parts of cut) {
      for (const [name, elements] of Object.entries(whole!)) {
        const apart = elements.map((element, index) => Math.abs(element - parts[name]![index]!))
        expect([name, Math.max(...apart) < 1e-5]).toEqual([name, true])
      }
    }
    expect(reports.map(({ shards }) => shards)).toEqual([1, 2, 4])
    expect(reports[2]!.epochs[0]!.loss).toBeCloseTo(reports[0]!.epochs[0]!.loss, 5)
    expect(whole!['w3']).not.toEqual(weightsOf(toyNet(4))['w3'])
  })

  it('learns step sizes in parts as in one piece', async () => {
    const models = [toyNet(4), toyNet(4)] as const
    const stepSizes = new Map([['b3', Float32Array.of(0.1, 0.2, 0.3)]])
    await train(models[0], { ...PLAIN, stepSizes, frozenLayers: ['y'] })
    await train(models[1], { ...PLAIN, stepSizes, frozenLayers: ['y'], shards: 2 })
    const [whole, parts] = models.map((model) => weightsOf(model)['b3']!)
    whole!.forEach((element, index) => expect(parts![index]).toBeCloseTo(element, 6))
    expect([...whole!]).not.toEqual([...weightsOf(toyNet(4))['b3']!])
  })
})

describe('parts side by side', () => {
  const options: Partial<TrainOptions> = {
    epochs: 2,
    shards: 3,
    averaging: 0.9,
    clipNorm: 1,
    earlyStopping: { patience: 2, fraction: 0.25 },
    augmentations: ['shift'],
  }

  it('give the same bits as one after another, from any checkpoint', async () => {
    const models = [toyNet(4), toyNet(4), toyNet(4)] as const
    const saved: Checkpoint[] = []
    const save = (checkpoint: Checkpoint) => void saved.push(checkpoint)
    const isDue = (step: number) => step === 2
    const one = await train(models[0], options, { hooks: { checkpoint: { isDue, save } } })
    const two = await train(models[1], options, { runtime: beside })
    const resume = saved[0]!
    const resumed = await train(models[2], options, { runtime: beside, hooks: { resume } })
    expect(weightsOf(models[1])).toEqual(weightsOf(models[0]))
    expect(weightsOf(models[2])).toEqual(weightsOf(models[0]))
    expect([one.executors, two.executors, resumed.resumed]).toEqual([1, 2, 1])
    expect(one.batch % 3).toBe(0)
  })

  it('can be canceled, and leave no thread behind', async () => {
    const open = new Set<object>()
    const load: typeof threads.load = async (...model) => {
      const session = await threads.load(...model)
      open.add(session)
      const release = () => session.release().then(() => void open.delete(session))
      return { ...session, release }
    }
    const runtime = openRuntime({ ...threads, load })
    const controller = new AbortController()
    let most = 0
    const onStep: TrainHooks['onStep'] = ({ step }) => {
      most = Math.max(most, open.size)
      if (step === 2) controller.abort(new Error('enough'))
    }
    const hooks = { signal: controller.signal, onStep }
    await expect(train(toyNet(4), options, { runtime, hooks })).rejects.toThrow('enough')
    expect([most, open.size]).toEqual([1, 0])
  })
})

it('running statistics are the means over the parts', async () => {
  const models = [toyNet(4), toyNet(4)] as const
  const options = { epochs: 1, batchSize: 96, optimizer: SGD } as const
  await train(models[0], options)
  await train(models[1], { ...options, shards: 2 })
  const [whole, parts] = models.map(weightsOf)
  parts!['mean']!.forEach((mean, index) => expect(mean).toBeCloseTo(whole!['mean']![index]!, 6))
  // What lies between the parts' means is in no part's variance.
  parts!['var']!.forEach((variance, index) =>
    expect(variance).toBeLessThanOrEqual(whole!['var']![index]! + 1e-6),
  )
})

it('a batch has no more parts than samples', async () => {
  const report = await train(toyNet(4), { ...PLAIN, batchSize: 4, shards: 16 })
  expect([report.batch, report.shards]).toEqual([4, 4])
})
