// Softmax and its kin: normalised along one axis, which stays whole.

import type { GradientRecipe } from './gradient-call.ts'
import { integerKernel } from './integer-kernel.ts'
import { keepAxisWhole } from './pass-axes.ts'
import type { OpRule, OpTable } from './op.ts'

const SOFTMAX_KERNEL = integerKernel({
  kernels: ['QLinearSoftmax'],
  activations: [0],
  outputRange: [0, 1],
})

/** y·dy − y·Σ y·dy. */
const softmax: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const y = call.y(0)
  const product = g.mul(y, dy)
  const sum = g.reduceSum(product, [call.node.int('axis', -1)], true)
  return [g.sub(product, g.mul(y, sum))]
}

/** dy − eʸ·Σ dy. */
const logSoftmax: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const sum = g.reduceSum(dy, [call.node.int('axis', -1)], true)
  return [g.sub(dy, g.mul(g.op('Exp', [call.y(0)]), sum))]
}

/** Before opset 13 all axes from `axis` on are normalised together. */
const axes: OpRule['axes'] = (context) => {
  const isJoint = context.opset < 13
  const first = context.node.int('axis', isJoint ? 1 : -1)
  keepAxisWhole(context, isJoint ? 'from' : 'only', first, 'normalised over')
}

export const SOFTMAX_OPS: OpTable = {
  Hardmax: { macs: 'none', axes, gradient: 'zero', quantization: 'float', affine: 'none' },
  LogSoftmax: { macs: 'none', axes, gradient: logSoftmax, quantization: 'float', affine: 'none' },
  Softmax: { macs: 'none', axes, gradient: softmax, quantization: SOFTMAX_KERNEL, affine: 'none' },
}
