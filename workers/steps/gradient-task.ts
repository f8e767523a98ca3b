// What gradients of a model are told from: the training dataset, or else the calibration dataset, with labels where it has any, and what
// the model says itself where not.

import type { GradientTask } from '#engine/train/gradient-batches'
import type { Model } from '#src/onnx/ir/model'
import type { Evaluation } from '#src/recipes/evaluation'
import type { PruneStep } from '#src/recipes/prune'
import { distillTerms } from './distill-terms.ts'
import type { StepContext } from './step-outcome.ts'

/** Samples may come in another number than the machine's threads, but not sums: the number is part of the job. */
const THREADS = 4

/** `none` without data, and for outputs that no loss compares. */
export async function gradientTask(
  model: Model,
  { finetune, samples: limit }: PruneStep,
  { train, calibration, spec }: Pick<StepContext, 'train' | 'calibration' | 'spec'>,
): Promise<GradientTask | 'none'> {
  const { labels } = finetune ?? spec.evaluation
  return taskWith(model, labels, limit, { train, calibration, spec })
}

/** The model against what it says itself, whatever labels there are. `none` without data, and for outputs that no loss compares. */
export function divergenceTask(
  model: Model,
  { samples }: PruneStep,
  context: Pick<StepContext, 'train' | 'calibration' | 'spec'>,
): Promise<GradientTask | 'none'> {
  return taskWith(model, null, samples, context)
}

async function taskWith(
  model: Model,
  labels: Evaluation['labels'],
  limit: number,
  { train, calibration, spec: { evaluation } }: Pick<StepContext, 'train' | 'calibration' | 'spec'>,
): Promise<GradientTask | 'none'> {
  const samples = train ?? calibration
  if (samples === null) return 'none'
  const training = { labels, label_smoothing: 0 }
  const request = { loss: 'auto', temperature: 1, alpha: 0, training } as const
  const terms = distillTerms(model, request, evaluation, await samples.batch(0, 1))
  return terms.length === 0 ? 'none' : { terms, samples, limit, threads: THREADS }
}
