// How samples are shared out among the steps of an epoch.

import { describe, expect, test } from 'vitest'
import { splitSamples } from '#engine/train/split-samples'
import { TrainingSamples } from '#engine/train/training-samples'
import { OPTIONS, toyPictures } from './train-toy.ts'

const split = async (
  count: number,
  batchSize: number,
  fraction: number | null,
  fixed: number | null = null,
) => {
  const earlyStopping = fraction === null ? null : { fraction, patience: 1 }
  const samples = await TrainingSamples.open(toyPictures(count))
  return splitSamples(samples, { ...OPTIONS, batchSize, earlyStopping }, fixed)
}

describe('samples of an epoch', () => {
  test.each([
    [120, 64, 60, 2],
    [1000, 64, 62, 16],
    [128, 64, 64, 2],
    [5, 64, 5, 1],
    [65, 64, 32, 2],
    [1, 64, 1, 1],
  ])('%i in batches of up to %i: steps of %i, %i of them', async (count, most, batch, steps) => {
    const { batch: own, stepsPerEpoch, heldBack } = await split(count, most, null)
    expect([own, stepsPerEpoch, heldBack.length]).toEqual([batch, steps, 0])
  })

  test.each([
    [120, 0.1, 15, 15, 7],
    [1000, 0.1, 62, 124, 14],
    [3, 0.5, 1, 1, 1],
    [2, 0.5, 1, 1, 1],
    [1, 0.5, 1, 0, 1],
  ])(
    'of %i, %d held back: batches of %i, %i held, %i steps',
    async (count, fraction, batch, held, steps) => {
      const made = await split(count, 64, fraction)
      expect([made.batch, made.heldBack.length, made.stepsPerEpoch]).toEqual([batch, held, steps])
      const used = new Set(made.order(0))
      expect(used.size).toBe(count - held)
      expect([...made.heldBack].filter((index) => used.has(index))).toEqual([])
      expect(used.size).toBeGreaterThanOrEqual(batch * steps)
    },
  )

  test('a model of a fixed batch is given that many, whatever was asked for', async () => {
    const made = await split(10, 64, 0.1, 4)
    expect([made.batch, made.heldBack.length, made.stepsPerEpoch]).toEqual([4, 4, 1])
    await expect(split(3, 64, null, 4)).rejects.toThrow('3 samples are fewer than a batch')
  })
})
