// Activation functions.

import { floatAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { UnaryOperands } from './elementwise-unary.ts'
import { elementwiseUnary, unary } from './elementwise-unary.ts'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { integerKernel } from './integer-kernel.ts'
import type { OpRule, OpTable } from './op.ts'

const SIGMOID_KERNEL = integerKernel({
  kernels: ['QLinearSigmoid'],
  activations: [0],
  outputRange: [0, 1],
})

const LEAKY_RELU_KERNEL = integerKernel({ kernels: ['QLinearLeakyRelu'], activations: [0] })

const SELU_ALPHA = 1.6732632423543772
const SELU_GAMMA = 1.0507009873554805

function isPositive(g: GradientBuilder, x: Value): Value {
  return g.op('Greater', [x, g.scalar(0, x)])
}

/** dy · s · (1 − s). */
const sigmoid = unary((g, { x, y, dy }) => g.mul(dy, g.mul(y, g.affine(y, -1, 1, x))))

/** So steep that it is 0 or 1. */
const STEEP = 1e30

/** The output is positive exactly where the input is, and is at hand anyway. A steep HardSigmoid tells faster than comparing. */
const relu = unary((g, { x, y, dy }) => {
  if (g.dtype(x) !== 'float32') return g.mul(dy, g.castLike(isPositive(g, y), x))
  const form = [floatAttribute('alpha', STEEP), floatAttribute('beta', 0)]
  return g.mul(dy, g.op('HardSigmoid', [y], form))
})

const leakyRelu = unary((g, { x, dy, call }) => {
  const alpha = call.node.float('alpha', 0.01)
  return g.op('Where', [isPositive(g, x), dy, g.affine(dy, alpha, 0, x)])
})

/** The slope is broadcast to x. */
const pRelu: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const [x, slope] = [call.x(0), call.x(1)]
  const dx = () => g.op('Where', [isPositive(g, x), dy, g.mul(dy, slope)])
  const below = () => g.mul(dy, g.op('Min', [x, g.scalar(0, x)]))
  return [
    call.wants(0) ? dx() : null,
    call.wants(1) ? g.unbroadcast(below(), call.shape(x), slope) : null,
  ]
}

/** Below zero y = alpha·(eˣ − 1), whose derivative is y + alpha. */
const elu = unary((g, { x, y, dy, call }) => {
  const below = g.mul(dy, g.affine(y, 1, call.node.float('alpha', 1), x))
  return g.op('Where', [isPositive(g, x), dy, below])
})

const selu = unary((g, { x, y, dy, call }) => {
  const alpha = call.node.float('alpha', SELU_ALPHA)
  const gamma = call.node.float('gamma', SELU_GAMMA)
  const below = g.mul(dy, g.affine(y, 1, alpha * gamma, x))
  return g.op('Where', [isPositive(g, x), g.affine(dy, gamma, 0, x), below])
})

/** Below zero y = alpha·(e^(x/alpha) − 1), whose derivative is y ÷ alpha + 1. */
const celu = unary((g, { x, y, dy, call }) => {
  const below = g.mul(dy, g.affine(y, 1 / call.node.float('alpha', 1), 1, x))
  return g.op('Where', [isPositive(g, x), dy, below])
})

const hardSigmoid = unary((g, { x, y, dy, call }) => {
  const isInside = g.op('And', [isPositive(g, y), g.op('Less', [y, g.scalar(1, x)])])
  return g.mul(g.affine(dy, call.node.float('alpha', 0.2), 0, x), g.castLike(isInside, x))
})

/** x ÷ 3 + ½ between −3 and 3, 0 below, 1 above. */
const hardSwish = unary((g, { x, dy }) => {
  const slope = g.affine(x, 1 / 3, 0.5, x)
  const above = g.op('Where', [g.op('Less', [x, g.scalar(3, x)]), slope, g.scalar(1, x)])
  const isAlive = g.castLike(g.op('Greater', [x, g.scalar(-3, x)]), x)
  return g.mul(dy, g.mul(above, isAlive))
})

/** y = x·s with s = σ(alpha·x): dy · (s + alpha·y·(1 − s)). */
function swishOf(alphaOf: (call: GradientCall) => number): GradientRecipe {
  return unary((g, { x, y, dy, call }) => {
    const alpha = alphaOf(call)
    const s = g.op('Sigmoid', [g.affine(x, alpha, 0, x)])
    const rest = g.mul(g.affine(y, alpha, 0, x), g.affine(s, -1, 1, x))
    return g.mul(dy, g.add(s, rest))
  })
}

export const swish = swishOf((call) => call.node.float('alpha', 1))
export const quickGelu = swishOf((call) => call.node.float('alpha', 1.702))

/** y = x·t with t = tanh(softplus x): dy · (t + x·σ(x)·(1 − t²)). */
const mish = unary((g, { x, dy }) => {
  const t = g.op('Tanh', [g.op('Softplus', [x])])
  const rest = g.mul(g.mul(x, g.op('Sigmoid', [x])), g.affine(g.mul(t, t), -1, 1, x))
  return g.mul(dy, g.add(t, rest))
})

/** `like`: of the type of x, where x itself is made here. */
type Slope = (g: GradientBuilder, operands: Pick<UnaryOperands, 'x' | 'dy'>, like: Value) => Value

/** y = x·Φ(x): dy · (Φ(x) + x·φ(x)). */
const slopeByErf: Slope = (g, { x, dy }, like) => {
  const phi = g.affine(g.op('Erf', [g.affine(x, Math.SQRT1_2, 0, like)]), 0.5, 0.5, like)
  const bell = g.op('Exp', [g.affine(g.mul(x, x), -0.5, 0, like)])
  const density = g.affine(bell, 1 / Math.sqrt(2 * Math.PI), 0, like)
  return g.mul(dy, g.add(phi, g.mul(x, density)))
}

/** y = x·½(1 + t), t = tanh(u), u = c·(x + k·x³): dy · (½(1 + t) + ½x·(1 − t²)·c·(1 + 3k·x²)). */
const slopeByTanh: Slope = (g, { x, dy }, like) => {
  const c = Math.sqrt(2 / Math.PI)
  const k = 0.044715
  const squared = g.mul(x, x)
  const t = g.op('Tanh', [g.mul(x, g.affine(squared, c * k, c, like))])
  const inner = g.affine(squared, 3 * c * k, c, like)
  const steep = g.mul(g.mul(g.affine(x, 0.5, 0, like), g.affine(g.mul(t, t), -1, 1, like)), inner)
  return g.mul(dy, g.add(g.affine(t, 0.5, 0.5, like), steep))
}

const geluOfTanh = unary((g, operands) => slopeByTanh(g, operands, operands.x))
export const geluOfErf = unary((g, operands) => slopeByErf(g, operands, operands.x))

/** Of the sum of inputs 0 and 1, where there is a second. */
const behindBias =
  (slope: Slope): GradientRecipe =>
  (g, call) => {
    const dy = call.dy(0)
    if (dy === null) return []
    const input = call.x(0)
    if (!call.has(1)) return [call.wants(0) ? slope(g, { x: input, dy }, input) : null]
    const bias = call.x(1)
    const dx = slope(g, { x: g.add(input, bias), dy }, input)
    return [
      call.wants(0) ? dx : null,
      call.wants(1) ? g.unbroadcast(dx, call.shape(input), bias) : null,
    ]
  }

export const biasGelu = behindBias(slopeByErf)
export const fastGelu = behindBias(slopeByTanh)

const gelu: GradientRecipe = (g, call) =>
  call.node.string('approximate', 'none') === 'tanh' ? geluOfTanh(g, call) : geluOfErf(g, call)

/** Bounds that are left out do not bind. */
const clip = unary((g, { x, dy, call }) => {
  const masks: Value[] = []
  if (call.has(1)) masks.push(g.op('Greater', [x, call.x(1)]))
  if (call.has(2)) masks.push(g.op('Less', [x, call.x(2)]))
  const [first, second] = masks
  if (first === undefined) return dy
  const inside = second === undefined ? first : g.op('And', [first, second])
  return g.mul(dy, g.castLike(inside, x))
})

const softsign = unary((g, { x, dy }) => {
  const base = g.affine(g.op('Abs', [x]), 1, 1, x)
  return g.div(dy, g.mul(base, base))
})

const shrink = unary((g, { x, dy, call }) => {
  const isOutside = g.op('Greater', [g.op('Abs', [x]), g.scalar(call.node.float('lambd', 0.5), x)])
  return g.mul(dy, g.castLike(isOutside, x))
})

const thresholdedRelu = unary((g, { x, dy, call }) => {
  const isAbove = g.op('Greater', [x, g.scalar(call.node.float('alpha', 1), x)])
  return g.mul(dy, g.castLike(isAbove, x))
})

function withKernel(gradient: GradientRecipe, quantization: OpRule['quantization']): OpRule {
  return { ...elementwiseUnary(gradient), quantization }
}

export const ACTIVATION_OPS: OpTable = {
  Celu: elementwiseUnary(celu),
  Clip: elementwiseUnary(clip),
  Elu: elementwiseUnary(elu),
  Gelu: elementwiseUnary(gelu),
  HardSigmoid: elementwiseUnary(hardSigmoid),
  HardSwish: elementwiseUnary(hardSwish),
  LeakyRelu: withKernel(leakyRelu, LEAKY_RELU_KERNEL),
  Mish: elementwiseUnary(mish),
  PRelu: elementwiseUnary(pRelu),
  Relu: elementwiseUnary(relu),
  Selu: elementwiseUnary(selu),
  Shrink: elementwiseUnary(shrink),
  Sigmoid: withKernel(sigmoid, SIGMOID_KERNEL),
  Softplus: elementwiseUnary(unary((g, { x, dy }) => g.mul(dy, g.op('Sigmoid', [x])))),
  Softsign: elementwiseUnary(softsign),
  Swish: elementwiseUnary(swish),
  ThresholdedRelu: elementwiseUnary(thresholdedRelu),
}
