// Which operators compute on 8-bit integers in ONNX Runtime 1.30 on CPU, and under what conditions. The table was found by
// writing QuantizeLinear and DequantizeLinear around each operator and reading the optimised graph.

import type { Attribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import type { Facts } from './op.ts'

/** How one layer becomes two of lower rank: what each says beside its weight. */
export interface FactoredLayer {
  /** `window`: the first keeps the kernel's places, the second looks at each position alone. */
  readonly kind: 'window' | 'matrix'
  readonly first: readonly Attribute[]
  readonly second: readonly Attribute[]
}

export interface WeightSlot {
  readonly input: number
  /** The axis with one scale per index for a weight of this rank; `none` where the kernel takes one scale only. */
  readonly channelAxis: (node: Node, rank: number) => number | 'none'
  /** The axis of the weight that the input's channels lie along; `none` where that is not one axis, as with groups. */
  readonly inputAxis: (node: Node, dims: readonly number[]) => number | 'none'
  /** The axis of input and result that their channels lie along. */
  readonly channels: 1 | -1
  /** `null` for a node that is not one dense product; `none` where the operator never is. */
  readonly factors: 'none' | ((node: Node) => FactoredLayer | null)
}

export interface IntegerKernel {
  /** What the runtime writes in place of the operator and the quantizers around it. */
  readonly kernels: readonly string[]
  /** Inputs that take a quantizer when they are no weight; `all` for a variable number of inputs. */
  readonly activations: readonly number[] | 'all'
  /** The input that is a weight when it is constant. */
  readonly weight: WeightSlot | 'none'
  /** The input stored as int32 with scale input × weight and zero point 0. */
  readonly bias: number | 'none'
  /** Without a quantizer on the output the operator stays in float. */
  readonly needsOutputQuantizer: boolean
  /** The interval that the output lies in, whatever the input. */
  readonly outputRange: readonly [number, number] | 'observed'
  /** Following operators that a quantizer of range [0, max] or [min, max] on the output does the work of. */
  readonly fusesActivation: readonly string[]
  /** `yes` when the kernel takes this node, otherwise the reason why not. */
  readonly accepts: (node: Node, facts: Facts) => string
}

/**
 * `carries`: moves integers untouched, when input and output share scale and zero point.
 * `float`: no integer kernel; quantizers around it cost time and buy nothing.
 */
export type QuantizationRule = IntegerKernel | 'carries' | 'float'

type OptionalFields = 'bias' | 'outputRange' | 'fusesActivation' | 'weight' | 'accepts'

/** A kernel with the defaults: no weight, no bias, an output quantizer needed, any range, nothing fused, any node. */
export function integerKernel(
  fields: Omit<IntegerKernel, OptionalFields | 'needsOutputQuantizer'> & Partial<IntegerKernel>,
): IntegerKernel {
  return {
    weight: 'none',
    bias: 'none',
    needsOutputQuantizer: true,
    outputRange: 'observed',
    fusesActivation: [],
    accepts: () => 'yes',
    ...fields,
  }
}
