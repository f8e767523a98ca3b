// Appends to a model what one step of training begins with: the loss of a batch, and its gradients.

import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { differentiate } from '../autodiff/differentiate.ts'
import type { BlockSize } from '../ops/blocked-conv.ts'
import { GradientBuilder } from '../ops/gradient-builder.ts'
import type { RunningStatistic } from './batch-norm-training.ts'
import { trainBatchNorm } from './batch-norm-training.ts'
import { decays } from './decays.ts'
import { freePrefix } from './free-prefix.ts'
import type { LossTerm } from './losses/loss-term.ts'
import type { StepKernels } from './step-kernels.ts'
import { declareBatch } from './step-kernels.ts'
import { StepSizes } from './step-size-gradients.ts'
import type { TrainOptions } from './train-options.ts'
import { exposeAsInputs, trainableWeights } from './trainable-weights.ts'

export type StepOptions = Pick<
  TrainOptions,
  'optimizer' | 'clipNorm' | 'batchNorm' | 'frozenLayers' | 'keepZeros' | 'stepSizes'
>

export interface LearntWeight {
  readonly role: 'weight' | 'adapter'
  readonly decays: boolean
  /** Of a quantizer: its gradient is no part of the norm that is bounded. */
  readonly isStepSize: boolean
  readonly gradient: Value
}

export interface StepGradients {
  /** No name of the model begins so. */
  readonly prefix: string
  readonly block: BlockSize
  readonly g: GradientBuilder
  readonly loss: Value
  readonly learnt: ReadonlyMap<Value, LearntWeight>
  /** On which the loss does not depend: exposed like the others, and no longer needed as inputs. */
  readonly fixed: readonly Value[]
  readonly statistics: readonly RunningStatistic[]
  /** What weights and statistics have at first, by name: they are inputs of the graph now. */
  readonly elements: ReadonlyMap<string, Float32Array>
  readonly untrained: readonly string[]
}

/** `append`: puts the loss of the terms into the model. @throws GradientRefusal naming the node that has no gradient */
export function stepGradients(
  model: Model,
  terms: readonly LossTerm[],
  options: StepOptions,
  kernels: StepKernels,
  append: (prefix: string) => Value,
): StepGradients {
  if (kernels.block !== 'none') declareBatch(model, kernels.batch)
  const prefix = freePrefix(model)
  const stepSizes = new StepSizes(model, options.stepSizes ?? new Map())
  const plain = trainableWeights(model, options.frozenLayers)
  const weights = [...plain, ...stepSizes.values]
  const statistics =
    options.batchNorm === 'train' ? trainBatchNorm(model, options.frozenLayers, prefix) : []
  const loss = append(`${prefix}loss/`)
  const adapters = adaptersOf(model, terms)
  const all = [...weights, ...adapters]
  const decaying = new Set(all.filter(decays))
  const elements = exposeAsInputs(model, [...all, ...statistics.map(({ value }) => value)])
  const { block } = kernels
  const facts = inferTypes(model)
  const found = differentiate(model, loss, all, { prefix: `${prefix}gradient/`, facts, block })
  const g = new GradientBuilder(model.graph, facts, `${prefix}step/`)
  const own = stepSizes.takeFrom(found, g)
  // Step sizes last: what is clipped comes first.
  const order = [...found].filter(([value]) => !own.has(value))
  const learnt = [...order, ...own].map(([value, gradient]): [Value, LearntWeight] => {
    const role = adapters.includes(value) ? 'adapter' : 'weight'
    const isStepSize = own.has(value)
    return [value, { role, decays: decaying.has(value) && !isStepSize, isStepSize, gradient }]
  })
  return {
    prefix,
    block,
    g,
    loss,
    learnt: new Map(learnt),
    fixed: all.filter((weight) => !found.has(weight)),
    statistics,
    elements,
    untrained: weights.filter((weight) => !found.has(weight)).map(({ name }) => name),
  }
}

/** Once the loss is there. */
function adaptersOf({ graph }: Model, terms: readonly LossTerm[]): Value[] {
  return terms.flatMap((term) => {
    if (term.kind !== 'hint' || term.adapter === 'none') return []
    return graph.initializers.get(term.adapter.name) ?? []
  })
}
