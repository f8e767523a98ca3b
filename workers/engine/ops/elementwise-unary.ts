// Elementwise functions of one operand.

import type { Value } from '#src/onnx/ir/value'
import { intAttribute } from '#src/onnx/ir/attribute'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import { intValues } from '#src/onnx/tensor-values'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import { sameRule } from './op.ts'
import type { OpRule, OpTable } from './op.ts'
import { passAxesExcept } from './pass-axes.ts'

export interface UnaryOperands {
  readonly x: Value
  readonly y: Value
  readonly dy: Value
  readonly call: GradientCall
}

/** A function of one operand, from its derivative times dy. */
export function unary(
  derivative: (g: GradientBuilder, operands: UnaryOperands) => Value,
): GradientRecipe {
  return (g, call) => {
    const dy = call.dy(0)
    if (dy === null || !call.wants(0)) return []
    return [derivative(g, { x: call.x(0), y: call.y(0), dy, call })]
  }
}

export function elementwiseUnary(gradient: OpRule['gradient']): OpRule {
  return { macs: 'none', axes: 'same', gradient, quantization: 'float', affine: 'none' }
}

function square(g: GradientBuilder, value: Value): Value {
  return g.mul(value, value)
}

/** dy ÷ √(scale·x² + shift). */
function overRoot(g: GradientBuilder, { x, dy }: UnaryOperands, scale: number, shift: number) {
  return g.div(dy, g.op('Sqrt', [g.affine(square(g, x), scale, shift, x)]))
}

const cast: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  const x = call.x(0)
  if (dy === null || !call.wants(0) || !g.isFloat(x) || !g.isFloat(call.y(0))) return []
  return [g.op('Cast', [dy], [intAttribute('to', DATA_TYPES[g.dtype(x)].code)])]
}

/** In training mode the kept elements are scaled by 1 ÷ (1 − ratio); the mask is the second output. */
const dropout: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  if (!call.has(2)) return [dy]
  const mode = call.constant(call.x(2))
  if (mode !== null && intValues(mode)[0] === 0) return [dy]
  if (mode === null) return refuse(call, 'training_mode is computed')
  const x = call.x(0)
  const kept = g.mul(dy, g.castLike(call.y(1), x))
  const ratio = call.has(1) ? g.castLike(call.x(1), x) : g.scalar(0.5, x)
  return [g.div(kept, g.sub(g.scalar(1, x), ratio))]
}

const IDENTITY: OpRule = {
  macs: 'none',
  axes: 'same',
  gradient: (_, call) => [call.dy(0)],
  quantization: 'carries',
  affine: 'none',
}

const COPY: OpRule = { ...IDENTITY, gradient: dropout }

export const UNARY_OPS: OpTable = {
  Abs: elementwiseUnary(unary((g, { x, dy }) => g.mul(dy, g.op('Sign', [x])))),
  Acos: elementwiseUnary(unary((g, operands) => g.neg(overRoot(g, operands, -1, 1)))),
  Acosh: elementwiseUnary(unary((g, operands) => overRoot(g, operands, 1, -1))),
  Asin: elementwiseUnary(unary((g, operands) => overRoot(g, operands, -1, 1))),
  Asinh: elementwiseUnary(unary((g, operands) => overRoot(g, operands, 1, 1))),
  Atan: elementwiseUnary(unary((g, { x, dy }) => g.div(dy, g.affine(square(g, x), 1, 1, x)))),
  Atanh: elementwiseUnary(unary((g, { x, dy }) => g.div(dy, g.affine(square(g, x), -1, 1, x)))),
  Cast: elementwiseUnary(cast),
  /** The second input lends its type alone. */
  CastLike: { ...elementwiseUnary(cast), axes: (context) => passAxesExcept(context, [], '') },
  Cos: elementwiseUnary(unary((g, { x, dy }) => g.neg(g.mul(dy, g.op('Sin', [x]))))),
  Cosh: elementwiseUnary(unary((g, { x, dy }) => g.mul(dy, g.op('Sinh', [x])))),
  Dropout: COPY,
  /** 2 ÷ √π · e^(−x²). */
  Erf: elementwiseUnary(
    unary((g, { x, dy }) => {
      const bell = g.op('Exp', [g.neg(square(g, x))])
      return g.mul(dy, g.affine(bell, 2 / Math.sqrt(Math.PI), 0, x))
    }),
  ),
  Exp: elementwiseUnary(unary((g, { y, dy }) => g.mul(dy, y))),
  Identity: IDENTITY,
  Log: elementwiseUnary(unary((g, { x, dy }) => g.div(dy, x))),
  Neg: elementwiseUnary(unary((g, { dy }) => g.neg(dy))),
  Reciprocal: elementwiseUnary(unary((g, { y, dy }) => g.neg(g.mul(dy, square(g, y))))),
  Sin: elementwiseUnary(unary((g, { x, dy }) => g.mul(dy, g.op('Cos', [x])))),
  Sinh: elementwiseUnary(unary((g, { x, dy }) => g.mul(dy, g.op('Cosh', [x])))),
  Sqrt: elementwiseUnary(unary((g, { x, y, dy }) => g.div(g.affine(dy, 0.5, 0, x), y))),
  Tan: elementwiseUnary(unary((g, { x, y, dy }) => g.mul(dy, g.affine(square(g, y), 1, 1, x)))),
  Tanh: elementwiseUnary(unary((g, { x, y, dy }) => g.mul(dy, g.affine(square(g, y), -1, 1, x)))),
  ...sameRule(['BitwiseNot', 'Ceil', 'Floor', 'Round', 'Sign'], elementwiseUnary('zero')),
}
