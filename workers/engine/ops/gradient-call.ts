// How a rule writes the gradient of a node: reverse mode, as standard operators of opset 18 and later.

import type { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { Shape } from '#src/onnx/ir/value-type'
import type { GradientBuilder } from './gradient-builder.ts'

/** The node that is differentiated, with the gradients that reached its outputs. */
export interface GradientCall {
  readonly node: Node
  /** Input `index`. @throws Error when it is left out */
  x(index: number): Value
  has(index: number): boolean
  /** Output `index`, named if the node left it out. */
  y(index: number): Value
  /** The gradient of output `index`; `null` when nothing that matters reads it. */
  dy(index: number): Value | null
  /** Whether somebody needs the gradient of input `index`: a recipe may leave out what is not wanted. */
  wants(index: number): boolean
  shape(value: Value): Shape
  /** @throws Error when the rank is not known */
  rank(value: Value): number
  constant(value: Value): Tensor | null
}

/** Gradients of the inputs in order; `null` for inputs without one (integers, or not wanted). */
export type GradientRecipe = (g: GradientBuilder, call: GradientCall) => (Value | null)[]

/**
 * `zero`: the gradient is zero almost everywhere or the output is no real number: differentiation stops here quietly.
 * `none`: there is a gradient and no recipe: differentiation refuses, naming the node.
 */
export type GradientRule = GradientRecipe | 'zero' | 'none'

/** A node of an operator with a recipe that the recipe does not cover: the message says what it would need. */
export class GradientRefusal extends Error {
  override readonly name = 'GradientRefusal'
}

/** @throws GradientRefusal when the node asks for what the recipe does not cover */
export function refuse(call: GradientCall, reason: string): never {
  throw new GradientRefusal(`${call.node.describe()} has no gradient: ${reason}`)
}
