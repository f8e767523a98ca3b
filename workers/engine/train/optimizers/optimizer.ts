// Optimizers as operators of the step graph: what they keep of each weight, and how a gradient changes both.

import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from '../../ops/gradient-builder.ts'
import { ADAM } from './adam.ts'
import { SGD } from './sgd.ts'

export interface Sgd {
  readonly type: 'sgd'
  readonly momentum: number
  readonly nesterov: boolean
  readonly weightDecay: number
}

/** `adam` adds the decay to the gradient, `adamw` takes it from the weight. */
export interface Adam {
  readonly type: 'adam' | 'adamw'
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
}

export type Optimizer = Sgd | Adam

export interface WeightUpdate {
  readonly weight: Value
  readonly gradient: Value
  /** What the optimizer keeps of the weight, in the order of its `slots`. */
  readonly slots: readonly Value[]
  /** 0 for weights that do not decay. */
  readonly decay: number
  /** Scalars that come with each step. */
  readonly scalar: (name: string) => Value
}

export interface OptimizerRule<O> {
  /** Tensors kept per weight, of its shape, 0 at first. */
  readonly slots: (optimizer: O) => readonly string[]
  /** Scalars of step 1, 2, …; the learning rate is `rate`. */
  readonly scalars: (optimizer: O, step: number) => Readonly<Record<string, number>>
  readonly update: (
    g: GradientBuilder,
    optimizer: O,
    update: WeightUpdate,
  ) => { readonly weight: Value; readonly slots: readonly Value[] }
}

export function ruleOf(optimizer: Optimizer): OptimizerRule<Optimizer> {
  const rule = optimizer.type === 'sgd' ? SGD : ADAM
  // The type of the optimizer chose its own rule.
  return rule as OptimizerRule<Optimizer>
}
