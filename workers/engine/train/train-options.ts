// How a model is trained.

import type { Augmentation } from './augment.ts'
import type { Optimizer } from './optimizers/optimizer.ts'
import type { Schedule } from './schedule.ts'

export interface EarlyStopping {
  /** Epochs without a better loss on the samples held back. */
  readonly patience: number
  /** Share of the samples that is held back. */
  readonly fraction: number
}

export interface TrainOptions {
  readonly epochs: number
  readonly batchSize: number
  readonly optimizer: Optimizer
  readonly learningRate: number
  readonly schedule: Schedule
  readonly seed: number
  /** The norm that all gradients together may have; `null` = any. */
  readonly clipNorm: number | null
  /** `train`: with the statistics of each batch, and running ones for later; `frozen`: with those it has. */
  readonly batchNorm: 'train' | 'frozen'
  /** Nodes whose weights and statistics stay. */
  readonly frozenLayers: readonly string[]
  /** Zeros of weights that have some, and are not all 0, stay 0. */
  readonly keepZeros: boolean
  /** Share that the mean of all weights so far keeps at each step; that mean is the result. `null` = the last weights are. */
  readonly averaging: number | null
  readonly earlyStopping: EarlyStopping | null
  /** Changes of pictures at random; a teacher sees them changed, too. */
  readonly augmentations: readonly Augmentation[]
  readonly threads: number
  /** Parts of each batch, whose gradients are computed apart and averaged; BatchNormalization sees one at a time. */
  readonly shards: number
  /** Further initializers that are learnt, by name, and what their gradients are multiplied by; neither clipped nor decayed. */
  readonly stepSizes?: ReadonlyMap<string, Float32Array>
}

/** The loss is no finite number any more. */
export class TrainingDiverged extends Error {
  override readonly name = 'TrainingDiverged'
  readonly step: number

  constructor(step: number) {
    super(`the loss of step ${step} is no finite number: the learning rate is too high`)
    this.step = step
  }
}
