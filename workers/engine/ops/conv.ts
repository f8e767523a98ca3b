// Convolutions: Conv, ConvTranspose, DeformConv.

import type { Node } from '#src/onnx/ir/node'
import { convMacs, convTransposeMacs } from '#src/onnx/macs/conv'
import type { AxesRule, AxisContext } from './axis-context.ts'
import { convGradient, convTransposeGradient } from './conv-gradient.ts'
import type { FactoredLayer } from './integer-kernel.ts'
import { integerKernel } from './integer-kernel.ts'
import { OPAQUE } from './op.ts'
import type { OpTable } from './op.ts'
import { inputShape, passAxis } from './pass-axes.ts'
import { tieVectorInputs } from './vector-axes.ts'

/** Of a depthwise convolution, input and output channels are the same. */
function convInputAxis(node: Node, [outputs, inputs]: readonly number[]): number | 'none' {
  const group = node.int('group', 1)
  if (group === 1) return 1
  return group === outputs && inputs === 1 ? 0 : 'none'
}

function convFactors(node: Node): FactoredLayer | null {
  if (node.int('group', 1) !== 1) return null
  return { kind: 'window', first: [...node.attributes.values()], second: [] }
}

/** For any number of spatial axes and groups; without a quantizer on its output the runtime keeps Conv in float. */
const CONV_KERNEL = integerKernel({
  kernels: ['QLinearConv'],
  activations: [0],
  weight: {
    input: 1,
    channelAxis: () => 0,
    inputAxis: convInputAxis,
    channels: 1,
    factors: convFactors,
  },
  bias: 2,
  fusesActivation: ['Relu', 'Clip'],
})

function freezeWindow(context: AxisContext, weight: number): void {
  for (const axis of inputShape(context, 0).keys()) {
    if (axis < 2) continue
    context.freeze(context.input(0, axis), 'spatial axis')
    context.freeze(context.input(weight, axis), 'kernel axis')
  }
}

/** Which inputs are the weight and vectors with one entry per output channel. */
interface ConvInputs {
  readonly weight: number
  readonly vectors: readonly number[]
}

/** W is [M, C/g, k…]: input channels are (g, C/g), output channels (g, M/g). */
export function convAxes({ weight, vectors }: ConvInputs): AxesRule {
  return (context) => {
    const group = context.node.int('group', 1)
    const input = context.input(0, 1)
    const outputs = context.input(weight, 0)
    freezeWindow(context, weight)
    passAxis(context, 0)
    context.output(0, 1, outputs)
    tieVectorInputs(context, vectors, outputs)
    if (group === 1) return context.tie(input, context.input(weight, 1))
    const [groups, within] = context.split(input, [group, input.size / group])
    const [outputGroups] = context.split(outputs, [group, outputs.size / group])
    if (groups === undefined || within === undefined || outputGroups === undefined) return
    context.tie(groups, outputGroups)
    context.tie(within, context.input(weight, 1))
    context.rewrite({ kind: 'count', attribute: 'group', axis: groups })
  }
}

/** W is [C, M/g, k…]: input channels are (g, C/g), output channels (g, M/g). */
const convTransposeAxes: AxesRule = (context) => {
  const group = context.node.int('group', 1)
  const input = context.input(0, 1)
  const within = context.input(1, 1)
  freezeWindow(context, 1)
  passAxis(context, 0)
  context.tie(input, context.input(1, 0))
  const [groups] = group === 1 ? [] : context.split(input, [group, input.size / group])
  const outputs = groups === undefined ? within : context.merge([groups, within])
  context.output(0, 1, outputs)
  if (inputShape(context, 2).length > 0) context.tie(context.input(2, 0), outputs)
  if (groups !== undefined) context.rewrite({ kind: 'count', attribute: 'group', axis: groups })
}

export const CONV_OPS: OpTable = {
  Conv: {
    macs: convMacs,
    axes: convAxes({ weight: 1, vectors: [2] }),
    gradient: convGradient,
    quantization: CONV_KERNEL,
    affine: 'none',
  },
  ConvTranspose: {
    macs: convTransposeMacs,
    axes: convTransposeAxes,
    gradient: convTransposeGradient,
    quantization: 'float',
    affine: 'none',
  },
  DeformConv: OPAQUE,
}
