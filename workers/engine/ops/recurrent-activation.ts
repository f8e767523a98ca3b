// The functions inside recurrent layers and their slopes.

import { floatAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import { recurrentActivations } from '#src/onnx/operators/recurrent-activations'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'

export interface Activation {
  readonly value: Value
  /** Of the value, at the same place; 0 where `clip` cuts off what goes in. */
  readonly slope: Value
}

/** What goes in, before `clip`. */
export type ActivationRule = (g: GradientBuilder, input: Value) => Activation

interface Parameters {
  readonly alpha: number
  readonly beta: number
  readonly like: Value
}

type Apply = (g: GradientBuilder, x: Value, parameters: Parameters) => Activation

const APPLIED: Readonly<Record<string, Apply>> = {
  sigmoid: (g, x, { like }) => {
    const value = g.op('Sigmoid', [x])
    return { value, slope: g.mul(value, g.affine(value, -1, 1, like)) }
  },
  tanh: (g, x, { like }) => {
    const value = g.op('Tanh', [x])
    return { value, slope: g.affine(g.mul(value, value), -1, 1, like) }
  },
  relu: (g, x, { like }) => ({ value: g.op('Relu', [x]), slope: above(g, x, 0, like) }),
  leakyrelu: (g, x, { alpha, like }) => ({
    value: g.op('LeakyRelu', [x], [floatAttribute('alpha', alpha)]),
    slope: g.affine(above(g, x, 0, like), 1 - alpha, alpha, like),
  }),
  thresholdedrelu: (g, x, { alpha, like }) => {
    const slope = above(g, x, alpha, like)
    return { value: g.mul(x, slope), slope }
  },
  affine: (g, x, { alpha, beta, like }) => ({
    value: g.affine(x, alpha, beta, like),
    slope: g.op('Expand', [g.scalar(alpha, like), g.shapeOf(x)]),
  }),
  scaledtanh: (g, x, { alpha, beta, like }) => {
    const tanh = g.op('Tanh', [g.affine(x, beta, 0, like)])
    const slope = g.affine(g.mul(tanh, tanh), -alpha * beta, alpha * beta, like)
    return { value: g.affine(tanh, alpha, 0, like), slope }
  },
  hardsigmoid: (g, x, { alpha, beta, like }) => {
    const parameters = [floatAttribute('alpha', alpha), floatAttribute('beta', beta)]
    const value = g.op('HardSigmoid', [x], parameters)
    const isBetween = g.mul(above(g, value, 0, like), below(g, value, 1, like))
    return { value, slope: g.affine(isBetween, alpha, 0, like) }
  },
  elu: (g, x, { alpha, like }) => {
    const value = g.op('Elu', [x], [floatAttribute('alpha', alpha)])
    const positive = above(g, x, 0, like)
    const steep = g.affine(value, 1, alpha, like)
    const negative = g.affine(positive, -1, 1, like)
    return { value, slope: g.add(positive, g.mul(negative, steep)) }
  },
  softsign: (g, x, { like }) => {
    const root = g.affine(g.op('Abs', [x]), 1, 1, like)
    return { value: g.div(x, root), slope: g.div(g.scalar(1, like), g.mul(root, root)) }
  },
  softplus: (g, x) => ({ value: g.op('Softplus', [x]), slope: g.op('Sigmoid', [x]) }),
}

function above(g: GradientBuilder, x: Value, bound: number, like: Value): Value {
  return g.castLike(g.op('Greater', [x, g.scalar(bound, like)]), like)
}

function below(g: GradientBuilder, x: Value, bound: number, like: Value): Value {
  return g.castLike(g.op('Less', [x, g.scalar(bound, like)]), like)
}

/** The functions of all directions, in the order of the node. @throws GradientRefusal when one of them is not known */
export function activationRules(call: GradientCall): ActivationRule[] {
  const activations = recurrentActivations(call.node)
  if (typeof activations === 'string') return refuse(call, activations)
  const bound = call.node.float('clip', 0)
  const like = call.x(0)
  return activations.map(({ name, alpha, beta }) => {
    const apply = APPLIED[name]
    if (apply === undefined) throw new Error(`no rule for the activation ${name}`)
    return (g, input) => {
      if (bound === 0) return apply(g, input, { alpha, beta, like })
      const limits = [g.scalar(-bound, like), g.scalar(bound, like)]
      const clipped = g.op('Clip', [input, ...limits])
      const { value, slope } = apply(g, clipped, { alpha, beta, like })
      return { value, slope: g.mul(slope, below(g, g.op('Abs', [input]), bound, like)) }
    }
  })
}
