// What a training does, as one name: a checkpoint serves the training that has the same one, and no other.

import { createHash } from 'node:crypto'
import type { LossTerm } from '#engine/train/losses/loss-term'
import type { TrainOptions } from '#engine/train/train-options'
import type { Model } from '#src/onnx/ir/model'
import { writeModel } from '#src/onnx/write-model'
import { canonicalJson } from '#src/services/job-fingerprint'

export interface TrainingIdentity {
  /** As it is before the first step, every weight included. */
  readonly model: Model
  readonly terms: readonly LossTerm[]
  readonly options: TrainOptions
  /** The version of the runtime. */
  readonly runtime: string
}

export interface TrainingPlace {
  /** The fingerprint of the job: it stands for its model, its teachers and its data. */
  readonly job: string
  /** 0, 1, … in the order of the job. */
  readonly training: number
  /** The version of the worker. */
  readonly tersor: string
}

/** sha256, hex. */
export function trainingFingerprint({ model, ...rest }: TrainingIdentity & TrainingPlace): string {
  const { stepSizes = new Map<string, Float32Array>(), ...options } = rest.options
  const sizes = [...stepSizes].map(([name, elements]) => [name, ...elements])
  const hash = createHash('sha256').update(canonicalJson({ ...rest, options, sizes }))
  for (const chunk of writeModel(model, { externalData: 'inline' })) hash.update(chunk)
  return hash.digest('hex')
}
