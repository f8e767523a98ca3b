// Which samples are trained on, which are held back, and in what order each epoch goes.

import { derivedSeed, sampleOrder } from './sample-order.ts'
import type { TrainOptions } from './train-options.ts'
import type { TrainingSamples } from './training-samples.ts'

export interface SampleSplit {
  /** Samples of a step. */
  readonly batch: number
  readonly stepsPerEpoch: number
  /** In whole batches. */
  readonly heldBack: Uint32Array
  /** The order of epoch 0, 1, …; its last samples may fill no batch. */
  order(epoch: number): Uint32Array
}

const HELD_BACK_SEED = -1

/** @throws RangeError when there are fewer samples than a batch and what is held back take */
export function splitSamples(
  samples: TrainingSamples,
  { batchSize, seed, earlyStopping }: TrainOptions,
): SampleSplit {
  const { count, plan } = samples
  const batch = Math.min(batchSize, count)
  const share = earlyStopping === null ? 0 : earlyStopping.fraction * count
  const held = share === 0 ? 0 : Math.max(1, Math.round(share / batch)) * batch
  if (count - held < batch) {
    throw new RangeError(
      `${count} samples are too few to train in batches of ${batch} and hold some back`,
    )
  }
  const all = sampleOrder(count, plan, derivedSeed(seed, HELD_BACK_SEED), 0)
  const heldBack = all.slice(count - held)
  const isHeldBack = new Set(heldBack)
  return {
    batch,
    stepsPerEpoch: Math.floor((count - held) / batch),
    heldBack,
    order: (epoch) =>
      sampleOrder(count, plan, seed, epoch).filter((index) => !isHeldBack.has(index)),
  }
}
