// BatchNormalization behind a linear operator: y = γ·(x − μ)/√(σ² + ε) + β is an affine map per channel (Ioffe & Szegedy 2015).

import type { Node } from '#src/onnx/ir/node'
import { float32Constant } from './constants.ts'
import type { ChannelAffine } from './fold-affine.ts'
import { foldAffine, outputChannels } from './fold-affine.ts'
import type { NodeRule } from './pass.ts'
import { bypass, soleProducer } from './sole-consumer.ts'

export const fuseBatchNorm: NodeRule = {
  name: 'fuse-batch-norm',
  apply: (node, { names }) => {
    if (!node.is('BatchNormalization') || node.int('training_mode', 0) !== 0) return 'unmatched'
    const producer = soleProducer(node.input(0), node)
    if (producer === null || outputChannels(producer) === null) return 'unmatched'
    const affine = batchNormAffine(node)
    if (affine === null) return { declined: 'its statistics are no float32 constants' }
    if (producer.is('Gemm') && !isPlainGemm(producer)) {
      return { declined: 'the Gemm before it scales its result or its bias' }
    }
    const reason = foldAffine(producer, affine, names)
    const result = producer.output(0)
    if (reason !== null || result === null) return { declined: reason ?? 'no result' }
    bypass(node, result)
    return 'applied'
  },
}

/** The normalization as factor and addend per channel; `null` when its statistics are not constant. */
export function batchNormAffine(node: Node): ChannelAffine | null {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) =>
    float32Constant(node.input(index)),
  )
  if (!gamma || !beta || !mean || !variance) return null
  const epsilon = node.float('epsilon', 1e-5)
  const scale = Float64Array.from(gamma, (value, channel) => {
    return value / Math.sqrt((variance[channel] ?? 0) + epsilon)
  })
  const shift = Float64Array.from(beta, (value, channel) => {
    return value - (mean[channel] ?? 0) * (scale[channel] ?? 0)
  })
  return { scale, shift }
}

export function isPlainGemm(node: Node): boolean {
  return node.float('alpha', 1) === 1 && node.float('beta', 1) === 1
}
