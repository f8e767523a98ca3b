// What a student's answers are compared with: the teacher's, and labels where there are any.

import type { CrossEntropyTerm, LossTerm, SquaredErrorTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import type { DistillStep } from '#src/recipes/distill'
import type { Evaluation } from '#src/recipes/evaluation'

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
    ({ name, type }) =>
      (evaluation.output === null || evaluation.output === name) &&
      (type?.kind !== 'tensor' || type.dtype === 'float32'),
  )
  const labels = training.labels === null ? undefined : sample[training.labels]
  const [first] = outputs
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
    const kind = loss === 'auto' ? lossOf(output, evaluation) : loss
    return kind === 'divergence'
      ? { kind, ...common, axis: classAxis(evaluation), temperature }
      : { kind, ...common, scale: 'relative' }
  })
  const asked = soft.filter(({ weight }) => weight > 0)
  return hard === null ? asked : [...asked, { ...hard, weight: 1 - alpha }]
}

/** Classes are behind the samples in pictures, else last. */
function classAxis({ task }: Evaluation): number {
  return task === 'segmentation' ? 1 : -1
}

function lossOf({ type, producer }: Value, { task }: Evaluation): 'divergence' | 'squared_error' {
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
      const isOne = evaluation.task === 'segmentation' || labels.dims.length === 1
      const isDecided = isOne && lossOf(output, evaluation) === 'divergence'
      return isClass && isDecided
        ? { kind: 'cross_entropy', ...common, axis: classAxis(evaluation), smoothing }
        : null
    }
  }
}
