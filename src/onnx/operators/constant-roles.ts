// What a constant is to the operator that reads it: a weight, or a setting (a scale, a zero point, a bound, a size).

import type { Node } from '../ir/node.ts'

export interface QuantizedInput {
  /** The input that holds the integers. */
  readonly input: number
  /** The input that holds their zero point; `none`: 0. */
  readonly zeroPoint: number | 'none'
}

interface Roles {
  /** Inputs that are settings where they are constant. */
  readonly settings: readonly number[]
  /** Inputs whose integers stand for real weights. */
  readonly quantized: readonly QuantizedInput[]
}

const roles = (
  settings: readonly number[],
  ...quantized: readonly (readonly [number, number | 'none'])[]
): Roles => ({
  settings,
  quantized: quantized.map(([input, zeroPoint]) => ({ input, zeroPoint })),
})

const ROLES: Readonly<Record<string, Roles>> = {
  QuantizeLinear: roles([1, 2]),
  DequantizeLinear: roles([1, 2], [0, 2]),
  QLinearConv: roles([1, 2, 4, 5, 6, 7], [0, 2], [3, 5], [8, 'none']),
  QLinearMatMul: roles([1, 2, 4, 5, 6, 7], [0, 2], [3, 5]),
  ConvInteger: roles([2, 3], [0, 2], [1, 3]),
  MatMulInteger: roles([2, 3], [0, 2], [1, 3]),
  Resize: roles([1, 2, 3]),
  Upsample: roles([1]),
  Clip: roles([1, 2]),
  Pad: roles([1, 2, 3]),
  Pow: roles([1]),
  Dropout: roles([1, 2]),
  OneHot: roles([1, 2]),
  Range: roles([0, 1, 2]),
  NonMaxSuppression: roles([2, 3, 4]),
  'com.microsoft.QuantizeLinear': roles([1, 2]),
  'com.microsoft.DequantizeLinear': roles([1, 2], [0, 2]),
  'com.microsoft.Pad': roles([1, 2, 3]),
  'com.microsoft.QLinearConv': roles([1, 2, 4, 5, 6, 7], [0, 2], [3, 5], [8, 'none']),
  'com.microsoft.QGemm': roles([1, 2, 4, 5, 7, 8], [0, 2], [3, 5], [6, 'none']),
  'com.microsoft.QLinearAdd': roles([1, 2, 4, 5, 6, 7], [0, 2], [3, 5]),
  'com.microsoft.QLinearMul': roles([1, 2, 4, 5, 6, 7], [0, 2], [3, 5]),
  'com.microsoft.QLinearSigmoid': roles([1, 2, 3, 4]),
  'com.microsoft.QLinearLeakyRelu': roles([1, 2, 3, 4]),
  'com.microsoft.QLinearSoftmax': roles([1, 2, 3, 4]),
  'com.microsoft.QLinearAveragePool': roles([1, 2, 3, 4]),
  'com.microsoft.QLinearGlobalAveragePool': roles([1, 2, 3, 4]),
  'com.microsoft.QLinearConcat': roles([0, 1]),
  'com.microsoft.MatMulIntegerToFloat': roles([2, 3, 4, 5], [0, 4], [1, 5]),
  'com.microsoft.DynamicQuantizeMatMul': roles([2, 3], [1, 3]),
  'com.microsoft.MatMulNBits': roles([2, 3, 4], [1, 'none']),
  'com.microsoft.MatMulBnb4': roles([2], [1, 'none']),
  'com.microsoft.GatherBlockQuantized': roles([2, 3], [0, 'none']),
  'com.microsoft.QAttention': roles([3, 4, 6, 7], [1, 7]),
  'com.microsoft.DynamicQuantizeLSTM': roles([8, 9, 10, 11], [1, 9], [2, 11]),
  'com.microsoft.QEmbedLayerNormalization': roles(
    [8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    [2, 13],
    [3, 14],
    [4, 15],
    [5, 16],
    [6, 17],
  ),
}

const NO_ROLES = roles([])

/** `Conv` for ai.onnx, `com.microsoft.Gelu` for other domains. */
export function operatorKey(node: Node): string {
  return node.is() ? node.opType : `${node.domain}.${node.opType}`
}

export function isSetting(node: Node, input: number): boolean {
  const { settings } = ROLES[operatorKey(node)] ?? NO_ROLES
  if (settings.includes(input)) return true
  // Scale and zero point alternate with the tensors to join.
  return operatorKey(node) === 'com.microsoft.QLinearConcat' && input % 3 !== 2
}

/** How input `input` holds quantized weights, or `null` when it does not. */
export function quantizedInput(node: Node, input: number): QuantizedInput | null {
  const { quantized } = ROLES[operatorKey(node)] ?? NO_ROLES
  return quantized.find((candidate) => candidate.input === input) ?? null
}

/** Where a node has the scales of quantized values: inputs that must be finite and above 0. */
export function scaleInputs(node: Node): readonly number[] {
  switch (operatorKey(node)) {
    case 'QuantizeLinear':
    case 'DequantizeLinear':
    case 'com.microsoft.QuantizeLinear':
    case 'com.microsoft.DequantizeLinear':
      return [1]
    case 'QLinearConv':
    case 'QLinearMatMul':
    case 'com.microsoft.QLinearConv':
      return [1, 4, 6]
    default:
      return []
  }
}
