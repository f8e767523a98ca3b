// How much each atom of each unit matters. One measure per file; all answer in the same form.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime, RuntimeTensor } from '../../runtime/runtime.ts'
import type { GradientTask } from '../../train/gradient-batches.ts'
import type { AxisTrace } from '../trace-axes.ts'
import type { Unit } from '../units.ts'

/** In the order of the unit's atoms. */
export interface UnitScores {
  /** In the measure's own terms, for an absolute threshold; `none`: the measure says nothing about this unit. */
  readonly absolute: Float64Array | 'none'
  /** Comparable between units: their mean is 1. */
  readonly relative: Float64Array
}

export interface ImportanceContext {
  readonly trace: AxisTrace
  readonly units: readonly Unit[]
  readonly seed: number
  readonly norm: 'l1' | 'l2'
  readonly runtime: Runtime
  /** Inputs of the model to run it on; `none` without data. */
  readonly feeds: AsyncIterable<Readonly<Record<string, RuntimeTensor>>> | 'none'
  /** What gradients are told from; `none` without data. */
  readonly gradients: GradientTask | 'none'
  /** The model that was traced, which a measure must not change. */
  readonly model: Model
}

export type ImportanceMeasure = (context: ImportanceContext) => UnitScores[] | Promise<UnitScores[]>

/** Divided by the mean; a unit whose atoms all weigh nothing has equal ones. */
export function relativeTo(scores: Float64Array): Float64Array {
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length)
  return mean > 0 && Number.isFinite(mean)
    ? scores.map((score) => score / mean)
    : scores.map(() => 1)
}

/** Element by element, over vectors of one length. */
export function meanOf(vectors: readonly Float64Array[], length: number): Float64Array {
  const mean = new Float64Array(length)
  for (const vector of vectors) {
    for (let index = 0; index < length; index += 1) {
      mean[index] = (mean[index] ?? 0) + (vector[index] ?? 0) / vectors.length
    }
  }
  return mean
}
