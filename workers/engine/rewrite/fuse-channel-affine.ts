// Mul, Div, Add, Sub by a constant per channel behind Conv, ConvTranspose or Gemm → folded into its weights and bias.

import type { Node } from '#src/onnx/ir/node'
import { channelConstant } from './constants.ts'
import type { ChannelAffine } from './fold-affine.ts'
import { foldAffine, outputChannels } from './fold-affine.ts'
import { isPlainGemm } from './fuse-batch-norm.ts'
import type { NodeRule } from './pass.ts'
import { bypass, soleProducer } from './sole-consumer.ts'

export const fuseChannelAffine: NodeRule = {
  name: 'fuse-channel-affine',
  apply: (node, { names }) => {
    if (!node.is('Mul', 'Div', 'Add', 'Sub')) return 'unmatched'
    const isLeftConstant = node.input(0)?.constant != null
    if (isLeftConstant && node.is('Div', 'Sub')) return 'unmatched'
    const [data, operand] = isLeftConstant
      ? [node.input(1), node.input(0)]
      : [node.input(0), node.input(1)]
    const producer = soleProducer(data, node)
    const channels = producer === null ? null : outputChannels(producer)
    const result = producer?.output(0) ?? null
    if (producer === null || channels === null || result === null) return 'unmatched'
    if (operand?.constant == null) return 'unmatched'
    const rank = producer.input(1)?.constant?.dims.length ?? 0
    const values = channelConstant(operand, channels, rank)
    if (values === null) return { declined: 'its constant is not one number per channel' }
    if (producer.is('Gemm') && !isPlainGemm(producer)) {
      return { declined: 'the Gemm before it scales its result or its bias' }
    }
    const reason = foldAffine(producer, affineOf(node, values), names)
    if (reason !== null) return { declined: reason }
    bypass(node, result)
    return 'applied'
  },
}

function affineOf(node: Node, values: Float32Array): ChannelAffine {
  const ones = new Float32Array(values.length).fill(1)
  const zeros = new Float32Array(values.length)
  switch (node.opType) {
    case 'Mul':
      return { scale: values, shift: zeros }
    case 'Div':
      return { scale: Float64Array.from(values, (value) => 1 / value), shift: zeros }
    case 'Sub':
      return { scale: ones, shift: values.map((value) => -value) }
    default:
      return { scale: ones, shift: values }
  }
}
