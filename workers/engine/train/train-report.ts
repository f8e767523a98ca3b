// What training tells of itself.

export interface EpochReport {
  /** From 1. */
  readonly epoch: number
  /** Mean of the steps' losses. */
  readonly loss: number
  /** Of the samples held back, by the weights as they would be handed back; `null` without any. */
  readonly validationLoss: number | null
}

export interface StepReport {
  /** From 1. */
  readonly step: number
  readonly loss: number
  readonly learningRate: number
}

export interface TrainReport {
  readonly steps: number
  /** Samples of a step. */
  readonly batch: number
  /** Parts of a batch, and how many of them were computed at once. */
  readonly shards: number
  readonly executors: number
  /** Why the model takes so many at a time, no more and no fewer; `null` where it takes any number. */
  readonly batchReason: string | null
  readonly epochs: readonly EpochReport[]
  /** At most some hundred steps, evenly spread, the first and the last among them. */
  readonly curve: readonly StepReport[]
  readonly trainedParameters: number
  /** Weights that the loss does not depend on. */
  readonly untrained: readonly string[]
  readonly samples: number
  readonly samplesHeldBack: number
  readonly stoppedEarly: boolean
  /** The epoch whose weights were kept. */
  readonly keptEpoch: number
  readonly teacher: 'none' | 'once' | 'along'
  /** How often training went on from a checkpoint. */
  readonly resumed: number
}
