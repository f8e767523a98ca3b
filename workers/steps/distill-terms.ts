// What a student's answers are compared with: the teacher's, and labels where there are any.

import type { CrossEntropyTerm, LossTerm, SquaredErrorTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import type { DistillStep } from '#src/recipes/distill'
import type { Evaluation } from '#src/recipes/evaluation'

type Task = Evaluation['task']

/** What of a step of distillation says how to train; a step that only repairs what it did fills it in by itself. */
export type TrainingRequest = Pick<DistillStep, 'loss' | 'temperature' | 'alpha' | 'training'>

/** What decides the terms of a loss. */
type LossRequest = Pick<TrainingRequest, 'loss' | 'temperature' | 'alpha'> & {
  readonly training: LabelRequest
}

type LabelRequest = Pick<TrainingRequest['training'], 'labels' | 'label_smoothing'>

/** `sample`: the fields of one sample of the training data. */
export function distillTerms(
  model: Model,
  { loss, temperature, alpha, training }: LossRequest,
  evaluation: Evaluation,
  sample: Readonly<Record<string, RuntimeTensor>>,
): LossTerm[] {
  const outputs = model.graph.outputs.filter(
    ({ type }) => type?.kind !== 'tensor' || type.dtype === 'float32',
  )
  const labels = training.labels === null ? undefined : sample[training.labels]
  const isJudged = ({ name }: Value): boolean => evaluation.output === name
  const first = outputs.find(isJudged) ?? (evaluation.output === null ? outputs[0] : undefined)
  const hard =
    labels === undefined || first === undefined || training.labels === null || alpha === 1
      ? null
      : labelTerm(first, training, evaluation, { name: training.labels, ...labels })
  const share = (hard === null ? 1 : alpha) / outputs.length
  const soft = outputs.map((output): LossTerm => {
    const common = {
      output: output.name,
      target: teacherTarget(output.name),
      targetType: 'float32',
      weight: share,
    } as const
    // What the evaluation says is about the output that it judges.
    const task = evaluation.output === null || isJudged(output) ? evaluation.task : 'none'
    switch (loss === 'auto' ? lossOf(output, task) : loss) {
      case 'divergence':
        return { kind: 'divergence', ...common, axis: classAxis(task), temperature }
      case 'cosine':
        return { kind: 'cosine', ...common }
      case 'squared_error':
        return { kind: 'squared_error', ...common, scale: 'relative' }
    }
  })
  const asked = soft.filter(({ weight }) => weight > 0)
  return hard === null ? asked : [...asked, { ...hard, weight: 1 - alpha }]
}

/** Classes are behind the samples in pictures, else last. */
function classAxis(task: Task): number {
  return task === 'segmentation' ? 1 : -1
}

/** One number for a sample that says which of two classes it is: a distribution over it alone would always be 1. */
function isOneNumber({ type }: Value): boolean {
  const shape = type?.kind === 'tensor' ? type.shape : null
  return shape !== null && (shape.length === 1 || (shape.length === 2 && shape[1] === 1))
}

function lossOf(output: Value, task: Task): 'divergence' | 'squared_error' {
  const { type, producer } = output
  if (task === 'classification' && isOneNumber(output)) return 'squared_error'
  if (task === 'classification' || task === 'segmentation') return 'divergence'
  if (task !== 'none' || producer?.is('Sigmoid') === true) return 'squared_error'
  const shape = type?.kind === 'tensor' ? type.shape : null
  const [, classes] = shape ?? []
  const isRow = shape?.length === 2 && typeof classes === 'number' && classes > 1
  return isRow ? 'divergence' : 'squared_error'
}

function labelTerm(
  output: Value,
  { label_smoothing: smoothing }: LabelRequest,
  evaluation: Evaluation,
  labels: Pick<RuntimeTensor, 'dtype' | 'dims'> & { readonly name: string },
): CrossEntropyTerm | SquaredErrorTerm | null {
  const { family } = DATA_TYPES[labels.dtype]
  const common = { output: output.name, target: labels.name, targetType: labels.dtype, weight: 1 }
  const isClass = family === 'signed' || family === 'unsigned'
  switch (evaluation.task) {
    case 'detection':
      return null
    case 'regression':
    case 'image_to_image':
      return { kind: 'squared_error', ...common, scale: 'absolute' }
    default: {
      // The Brier score: the probability of class 1 against 0 and 1.
      if (evaluation.task === 'classification' && isOneNumber(output)) {
        const isProbability = isClass && output.producer?.is('Sigmoid') === true
        return isProbability ? { kind: 'squared_error', ...common, scale: 'absolute' } : null
      }
      const isOne = evaluation.task === 'segmentation' || labels.dims.length === 1
      const isDecided = isOne && lossOf(output, evaluation.task) === 'divergence'
      return isClass && isDecided
        ? { kind: 'cross_entropy', ...common, axis: classAxis(evaluation.task), smoothing }
        : null
    }
  }
}
