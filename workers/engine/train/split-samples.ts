// Which samples are trained on, which are held back, and in what order each epoch goes.

import { derivedSeed, sampleOrder } from './sample-order.ts'
import type { TrainOptions } from './train-options.ts'
import type { TrainingSamples } from './training-samples.ts'

export interface SampleSplit {
  /** Samples of a step. */
  readonly batch: number
  /** Parts of equal size that a batch is cut into. */
  readonly shards: number
  readonly stepsPerEpoch: number
  /** In whole batches. */
  readonly heldBack: Uint32Array
  /** The order of epoch 0, 1, …; its last samples may fill no batch. */
  order(epoch: number): Uint32Array
}

const HELD_BACK_SEED = -1

/** Where samples are held back, batches are no larger than those, but not smaller than this. */
const LEAST_BATCH = 16

/**
 * Batches are as even as can be: of 120 samples in batches of up to 64, two of 60, so that an epoch leaves out fewer samples than
 * it has steps; in even parts where they are cut. `fixed`: the samples that the model takes at a time, `null` for any number: such a batch
 * is not cut.
 * @throws RangeError when there are fewer samples than the model takes
 */
export function splitSamples(
  samples: TrainingSamples,
  { batchSize, seed, earlyStopping, shards: parts }: TrainOptions,
  fixed: number | null,
): SampleSplit {
  const { count, plan } = samples
  const share = (earlyStopping?.fraction ?? 0) * count
  const most = share === 0 ? batchSize : Math.min(batchSize, Math.max(LEAST_BATCH, share))
  const even = Math.max(Math.ceil(count / most), share === 0 ? 1 : 2)
  const uncut = fixed === null ? Math.min(even, count) : Math.floor(count / fixed)
  if (uncut === 0) throw new RangeError(`${count} samples are fewer than a batch`)
  const whole = fixed ?? Math.floor(count / uncut)
  const shards = fixed === null ? Math.min(parts, whole) : 1
  const batch = whole - (whole % shards)
  const batches = shards === 1 ? uncut : Math.floor(count / batch)
  const wanted = share === 0 ? 0 : Math.max(1, Math.round(share / batch))
  const heldBatches = Math.min(batches - 1, wanted)
  const held = heldBatches * batch
  const all = sampleOrder(count, plan, derivedSeed(seed, HELD_BACK_SEED), 0)
  const heldBack = all.slice(count - held)
  const isHeldBack = new Set(heldBack)
  return {
    batch,
    shards,
    stepsPerEpoch: batches - heldBatches,
    heldBack,
    order: (epoch) =>
      sampleOrder(count, plan, seed, epoch).filter((index) => !isHeldBack.has(index)),
  }
}
