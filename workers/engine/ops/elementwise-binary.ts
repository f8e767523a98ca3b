// Elementwise operators of two or more operands with broadcasting.

import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { integerKernel } from './integer-kernel.ts'
import { sameRule } from './op.ts'
import type { OpRule, OpTable } from './op.ts'

const FUSED = ['Relu', 'Clip']

const ADD_KERNEL = integerKernel({
  kernels: ['QLinearAdd'],
  activations: [0, 1],
  fusesActivation: FUSED,
})

const MUL_KERNEL = integerKernel({
  kernels: ['QLinearMul'],
  activations: [0, 1],
  fusesActivation: FUSED,
})

const WHERE_KERNEL = integerKernel({ kernels: ['QLinearWhere'], activations: [1, 2] })

/** Partial derivatives times dy in the output's shape, one for each operand. */
type Partials = (
  g: GradientBuilder,
  operands: { readonly a: Value; readonly b: Value; readonly y: Value; readonly dy: Value },
) => readonly [() => Value, () => Value]

function reduced(g: GradientBuilder, call: GradientCall, index: number, partial: () => Value) {
  if (!call.wants(index)) return null
  return g.unbroadcast(partial(), call.shape(call.y(0)), call.x(index))
}

function binary(partials: Partials): GradientRecipe {
  return (g, call) => {
    const dy = call.dy(0)
    if (dy === null) return []
    const parts = partials(g, { a: call.x(0), b: call.x(1), y: call.y(0), dy })
    return parts.map((part, index) => reduced(g, call, index, part))
  }
}

/** Each operand gets `share(operand)`. */
function variadic(
  share: (g: GradientBuilder, call: GradientCall, dy: Value) => (operand: Value) => Value,
): GradientRecipe {
  return (g, call) => {
    const dy = call.dy(0)
    if (dy === null) return []
    const shareOf = share(g, call, dy)
    return call.node.inputs.map((operand, index) =>
      operand === null ? null : reduced(g, call, index, () => shareOf(operand)),
    )
  }
}

/** Operands that equal the result share its gradient evenly. */
const sharedByWinners = variadic((g, call, dy) => {
  const y = call.y(0)
  const winners = new Map<Value, Value>()
  for (const operand of call.node.inputs) {
    if (operand === null || winners.has(operand)) continue
    winners.set(operand, g.castLike(g.op('Equal', [operand, y]), y))
  }
  const masks = call.node.inputs.flatMap((operand) =>
    operand === null ? [] : [winners.get(operand) as Value],
  )
  const share = g.div(dy, g.op('Sum', masks))
  return (operand) => g.mul(share, winners.get(operand) as Value)
})

const add = binary((_, { dy }) => [() => dy, () => dy])

const subtract = binary((g, { dy }) => [() => dy, () => g.neg(dy)])

const multiply = binary((g, { a, b, dy }) => [() => g.mul(dy, b), () => g.mul(dy, a)])

/** ∂/∂b (a ÷ b) = −y ÷ b. */
const divide = binary((g, { b, y, dy }) => [
  () => g.div(dy, b),
  () => g.neg(g.div(g.mul(dy, y), b)),
])

/** ∂/∂a aᵇ = b·aᵇ⁻¹; ∂/∂b aᵇ = y·ln a. The exponent may be of another type than the base. */
const power = binary((g, { a, b, y, dy }) => [
  () => {
    const exponent = g.castLike(b, a)
    const slope = g.op('Pow', [a, g.sub(exponent, g.scalar(1, a))])
    return g.mul(dy, g.mul(exponent, slope))
  },
  () => g.mul(dy, g.mul(y, g.op('Log', [a]))),
])

/** y = a − q·b with a whole q that is constant almost everywhere. */
const modulo = binary((g, { a, b, y, dy }) => [
  () => dy,
  () => g.neg(g.mul(dy, g.div(g.sub(a, y), b))),
])

const sum = variadic((_, __, dy) => () => dy)

const mean = variadic((g, call, dy) => {
  const share = g.affine(dy, 1 / call.node.inputs.length, 0, call.y(0))
  return () => share
})

const where: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const condition = call.x(0)
  const zero = g.scalar(0, call.y(0))
  return [
    null,
    reduced(g, call, 1, () => g.op('Where', [condition, dy, zero])),
    reduced(g, call, 2, () => g.op('Where', [condition, zero, dy])),
  ]
}

function elementwise(
  gradient: GradientRecipe | 'zero',
  quantization: OpRule['quantization'] = 'float',
): OpRule {
  return { macs: 'none', axes: 'same', gradient, quantization, affine: 'none' }
}

export const BINARY_OPS: OpTable = {
  Add: elementwise(add, ADD_KERNEL),
  Div: elementwise(divide),
  Max: elementwise(sharedByWinners),
  Mean: elementwise(mean),
  Min: elementwise(sharedByWinners),
  Mod: elementwise(modulo),
  Mul: elementwise(multiply, MUL_KERNEL),
  Pow: elementwise(power),
  Sub: elementwise(subtract),
  Sum: elementwise(sum),
  Where: elementwise(where, WHERE_KERNEL),
  ...sameRule(['BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor'], elementwise('zero')),
}
