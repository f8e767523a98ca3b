// One training step as a model: batch, weights and what the optimizer keeps in; loss and all of it as it is next, out.

import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { typedTensor } from '#src/onnx/ir/tensor'
import { blockConvolutions } from '../blocked/block-convolutions.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { appendLoss } from './losses/append-loss.ts'
import type { LossTerm } from './losses/loss-term.ts'
import type { StepGradients, StepOptions } from './step-gradients.ts'
import { stepGradients } from './step-gradients.ts'
import type { StepKernels } from './step-kernels.ts'
import type { StateTensor } from './step-state.ts'
import { StepState, dimsOf } from './step-state.ts'

export interface StepGraph {
  readonly model: Model
  readonly loss: string
  readonly state: readonly StateTensor[]
  /** Inputs of the scalars that `scalarsOf` gives, by name. */
  readonly scalars: ReadonlyMap<string, string>
  /** Weights on which the loss does not depend. */
  readonly untrained: readonly string[]
}

/**
 * Changes `model`, a copy that `prepareTraining` made, into its training step.
 * @throws GradientRefusal naming the node that has no gradient
 */
export function buildStepGraph(
  model: Model,
  terms: readonly LossTerm[],
  options: StepOptions,
  kernels: StepKernels,
): StepGraph {
  const append = (prefix: string) => appendLoss(model, terms, prefix)
  const found = stepGradients(model, terms, options, kernels, append)
  const { g, loss, prefix, elements, untrained } = found
  const state = new StepState(model, g, prefix, options, elements)
  state.advance(found.learnt, found.statistics)
  closeGraph(model, found, [loss, ...state.outputs])
  return {
    model,
    loss: loss.name,
    state: state.tensors,
    scalars: new Map([...state.scalars].map(([name, value]) => [name, value.name])),
    untrained,
  }
}

/** Leaves the loss and what else is asked for, on the kernels that suit; exposed weights that do not change are constants again. */
export function closeGraph(
  model: Model,
  { prefix, block, loss, fixed, elements }: StepGradients,
  outputs: readonly Value[],
): void {
  const { graph } = model
  loss.type = tensorType('float32', [])
  graph.outputs.length = 0
  graph.outputs.push(...outputs)
  for (const value of fixed) {
    graph.inputs.splice(graph.inputs.indexOf(value), 1)
    const own = elements.get(value.name) ?? new Float32Array(0)
    graph.setInitializer(value, typedTensor(value.name, 'float32', dimsOf(value), own))
  }
  sweepDeadCode(model)
  if (block !== 'none') blockConvolutions(model, block, `${prefix}blocked/`)
}
