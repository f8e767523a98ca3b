// What reads boxes from the outputs of a detector, sample by sample.

import type { TaskBatch } from '../tasks/task.ts'
import type { Candidates } from './candidates.ts'

export interface Decoder {
  readonly outputs: readonly string[]
  /** What its authors evaluate it with; the score must be greater. */
  readonly scoreThreshold: number
  readonly iouThreshold: number
  /** @throws EvaluationMismatch */
  decode(batch: TaskBatch, sample: number, scoreThreshold: number, found: Candidates): void
}
