import { expect, it } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import type { Checkpoint } from '#engine/train/checkpoint'
import { trainModel } from '#engine/train/train-model'
import type { TrainHooks } from '#engine/train/train-model'
import { HARD, OPTIONS, toyNet, toyPictures, weightsOf } from './train-toy.ts'

const runtime = openRuntime()
/** Whole blocks of every size there is: dense and one by one, both are on blocked kernels where the machine has some. */
const CHANNELS = 16

async function train(hooks: TrainHooks = {}): Promise<Record<string, Float32Array>> {
  const model = toyNet(CHANNELS)
  const options = { ...OPTIONS, epochs: 2, batchSize: 16, batchNorm: 'train' } as const
  const task = { terms: [HARD], teacher: null, samples: toyPictures(64), options }
  await trainModel(model, task, runtime, hooks)
  return weightsOf(model)
}

it('on the same kind of machine a training gives the same weights each time, also from a checkpoint on', async () => {
  const saved: Checkpoint[] = []
  const whole = await train({
    checkpoint: { isDue: (step) => step === 3, save: (one) => void saved.push(one) },
  })
  expect(await train()).toEqual(whole)
  expect(saved).toHaveLength(1)
  expect(await train({ resume: saved[0]! })).toEqual(whole)
  expect(await train({ resume: { ...saved[0]!, step: 4 } })).not.toEqual(whole)
})
