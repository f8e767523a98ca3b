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

/** 1 − cos(y, t) of all that an output says of a sample, mean over samples. */
export interface CosineTerm extends Term {
  readonly kind: 'cosine'
}

/** A batch whose samples are mixed in pairs: share·CE(label) + (1 − share)·CE(label of the partner). */
export interface MixedCrossEntropyTerm extends Omit<CrossEntropyTerm, 'kind'> {
  readonly kind: 'mixed_cross_entropy'
  /** Graph inputs that bring the partners' labels and the share. */
  readonly partner: string
  readonly share: string
}

/** A 1×1 convolution, learnt beside the model, that brings the student's channels to the teacher's. */
export interface HintAdapter {
  /** Its weight, an initializer of the step graph that no model keeps. */
  readonly name: string
  readonly from: number
  readonly to: number
  readonly seed: number
}

/**
 * Inner values compared: `output` is one of the student's. `features` (FitNets, Romero et al. 2015): squared error over the
 * teacher's mean square. `cosine`: of the channels at each place. `attention` (Zagoruyko & Komodakis 2017): of the maps Σ c², each
 * over its norm.
 */
export interface HintTerm extends Term {
  readonly kind: 'hint'
  /** The value of the teacher. */
  readonly teacher: string
  readonly compare: 'features' | 'cosine' | 'attention'
  /** The axis of the channels; counts from the back when negative. */
  readonly axis: number
  readonly adapter: HintAdapter | 'none'
}

export type LossTerm =
  | CrossEntropyTerm
  | MixedCrossEntropyTerm
  | DivergenceTerm
  | SquaredErrorTerm
  | CosineTerm
  | HintTerm
