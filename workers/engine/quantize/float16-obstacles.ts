// What keeps a node in float32 when the model goes to float16.

import type { Node } from '#src/onnx/ir/node'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { floatValues } from '#src/onnx/tensor-values'

/** The largest finite float16, and the smallest that is not zero. */
const LARGEST = 65504
const SMALLEST_SUBNORMAL = 2 ** -24

/** Operators whose inputs of these positions are float32 by definition. */
const FLOAT32_OPERANDS: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
}

/**
 * Operators that sum or exponentiate over many elements lose what float16 cannot hold, and operators that the CPU provider has
 * no float16 form of, or a definition that allows float32 only.
 */
const FLOAT32_OPERATORS: ReadonlySet<string> = new Set([
  'ArrayFeatureExtractor',
  'BatchNormalization',
  'CumSum',
  'DequantizeLinear',
  'Exp',
  'GroupNormalization',
  'InstanceNormalization',
  'LayerNormalization',
  'Log',
  'LogSoftmax',
  'LpNormalization',
  'MelWeightMatrix',
  'NonMaxSuppression',
  'Pow',
  'QuantizeLinear',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Range',
  'ReduceL2',
  'ReduceLogSumExp',
  'ReduceSum',
  'ReduceSumSquare',
  'RoiAlign',
  'STFT',
  'Softmax',
  'TopK',
])

/** The reason why the node stays in float32, or `null`. */
export function float16Obstacle(node: Node, facts: TypeInference): string | null {
  if (!node.is()) return `operators of ${node.domain} are left in float32`
  if (node.subgraphs().length > 0) return 'its subgraphs are left in float32'
  if (FLOAT32_OPERATORS.has(node.opType)) return `${node.opType} stays accurate in float32 only`
  if (breaksRuntime(node)) return 'ONNX Runtime dies of it in float16 in front of a matrix product'
  for (const value of node.inputs) {
    const type = value === null ? null : facts.type(value)
    if (value !== null && (type?.kind !== 'tensor' || type.dtype === 'none')) {
      return `the type of '${value.name}' is not known, or no dense tensor`
    }
  }
  return constantObstacle(node)
}

/** What its constants hold that float16 cannot. */
export function constantObstacle(node: Node): string | null {
  for (const [index, value] of node.inputs.entries()) {
    const tensor = value?.constant ?? null
    if (tensor?.dtype !== 'float32' || float32Operands(node).includes(index)) continue
    const largest = largestFinite(floatValues(tensor))
    if (largest > LARGEST) {
      return `'${tensor.name}' holds ${largest.toPrecision(4)}, beyond the largest float16 (65504)`
    }
    if (largest > 0 && largest < SMALLEST_SUBNORMAL) return `'${tensor.name}' would become zero`
  }
  return null
}

/**
 * ONNX Runtime 1.30 fuses a Transpose that takes the first axis behind the others into the MatMul behind it. Of float16, with a
 * constant as the other operand, loading that ends the process (all of ranks 3 to 5 tried).
 */
function breaksRuntime(node: Node): boolean {
  const axes = node.is('Transpose') ? node.ints('perm') : null
  if (axes === null || axes.length < 3) return false
  const isMoved = axes.slice(0, -2).every((axis, index) => axis === index + 1)
  if (!isMoved || !axes.slice(-2).includes(axes.length - 1)) return false
  const output = node.output(0)
  const readers = output?.consumers() ?? []
  return readers.some((reader) => {
    const [one, other] = [reader.input(0), reader.input(1)]
    const operand = one === output ? other : one
    return reader.is('MatMul') && operand?.constant != null
  })
}

/** Infinities are masks: float16 has them too. */
function largestFinite(values: Float32Array): number {
  return values.reduce((most, element) => {
    return Number.isFinite(element) ? Math.max(most, Math.abs(element)) : most
  }, 0)
}

/** Positions of inputs that are float32 whatever the node computes in. */
export function float32Operands(node: Node): readonly number[] {
  return FLOAT32_OPERANDS[node.opType] ?? []
}
