// A loss: a weighted sum of terms, each comparing one output with a target that comes with the batch.

import type { DataType } from '#src/onnx/ir/data-type'

interface Term {
  /** The output of the model that is compared. */
  readonly output: string
  /** The graph input that brings the target: a field of the data, or what a teacher says. */
  readonly target: string
  readonly targetType: DataType
  readonly weight: number
}

/** −Σ q·log p, mean over samples (and pixels); q is one for the true class, smoothed towards all classes. */
export interface CrossEntropyTerm extends Term {
  readonly kind: 'cross_entropy'
  /** The axis of the classes; counts from the back when negative. */
  readonly axis: number
  readonly smoothing: number
}

/** T²·KL(teacher ‖ student) of distributions softened by the temperature T. The target holds logits. */
export interface DivergenceTerm extends Term {
  readonly kind: 'divergence'
  readonly axis: number
  readonly temperature: number
}

/** Mean of (y − t)²; `relative`: over the mean of t², so that outputs of different size weigh the same. */
export interface SquaredErrorTerm extends Term {
  readonly kind: 'squared_error'
  readonly scale: 'absolute' | 'relative'
}

export type LossTerm = CrossEntropyTerm | DivergenceTerm | SquaredErrorTerm
