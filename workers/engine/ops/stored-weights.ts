// Which input of an operator is a weight that can be stored as integers, and along which axes its scales go: what the quantization slot
// says of operators with integer kernels, and beside it operators that compute in float or only move elements.

import type { Node } from '#src/onnx/ir/node'
import type { IntegerKernel } from './integer-kernel.ts'
import type { Facts } from './op.ts'
import { opRule } from './registry.ts'

export interface StoredWeight {
  readonly input: number
  /** The input added to the result, one number per output channel. */
  readonly bias: number | 'none'
  /**
   * `product`: a matrix that the last axis of the input is multiplied with. `lookup`: rows of it are taken out by index.
   * `other`: convolutions and the like.
   */
  readonly use: 'product' | 'lookup' | 'other'
  /** The axis of output channels; `none` where there is not one. */
  readonly channelAxis: number | 'none'
  /** `none`, or why the weight of this node has to stay as it is. */
  readonly refusal: string
}

/** Operators whose quantization slot names no weight. */
const FURTHER: Readonly<Record<string, (node: Node) => StoredWeight>> = {
  Gather: (node) => ({
    input: 0,
    bias: 'none',
    use: 'lookup',
    channelAxis: 0,
    refusal: node.int('axis', 0) === 0 ? 'none' : 'it takes out columns, not rows',
  }),
  ConvTranspose: (node) => ({
    input: 1,
    bias: 2,
    use: 'other',
    channelAxis: node.int('group', 1) === 1 ? 1 : 'none',
    refusal: 'none',
  }),
}

/** `none`: the operator has no weights, or here they are computed. */
export function storedWeight(node: Node, facts: Facts): StoredWeight | 'none' {
  const rule = opRule(node)
  if (rule === 'unknown') return 'none'
  const { quantization } = rule
  const stored =
    typeof quantization === 'string'
      ? FURTHER[node.opType]?.(node)
      : ofKernel(node, quantization, facts)
  if (stored === undefined || node.input(stored.input)?.constant == null) return 'none'
  return stored
}

function ofKernel(node: Node, kernel: IntegerKernel, facts: Facts): StoredWeight | undefined {
  const { weight, bias } = kernel
  if (weight === 'none') return undefined
  const dims = node.input(weight.input)?.constant?.dims ?? []
  const isProduct = weight.channels === -1
  return {
    input: weight.input,
    bias,
    use: isProduct ? 'product' : 'other',
    channelAxis: weight.channelAxis(node, dims.length),
    refusal: isProduct ? productRefusal(node, kernel, dims, facts) : 'none',
  }
}

function productRefusal(
  node: Node,
  kernel: IntegerKernel,
  dims: readonly number[],
  facts: Facts,
): string {
  if (dims.length !== 2) return 'its weight is no single matrix'
  if (kernel.weight !== 'none' && kernel.weight.inputAxis(node, dims) === 'none') {
    return 'its input is turned'
  }
  const verdict = kernel.accepts(node, facts)
  return verdict === 'yes' ? 'none' : verdict
}
