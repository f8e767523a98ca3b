// The integers that activations are stored as.

export type ActivationType = 'uint8' | 'int8' | 'uint16' | 'int16'

export interface Levels {
  readonly least: number
  readonly most: number
  /** Zero point 0 whatever the range, which every runtime expects of int16. */
  readonly isSymmetric: boolean
}

export const ACTIVATION_LEVELS: Readonly<Record<ActivationType, Levels>> = {
  uint8: { least: 0, most: 255, isSymmetric: false },
  int8: { least: -128, most: 127, isSymmetric: false },
  uint16: { least: 0, most: 65535, isSymmetric: false },
  int16: { least: -32768, most: 32767, isSymmetric: true },
}

/** ai.onnx has QuantizeLinear to 16 bits since then. */
export const OPSET_OF_16_BITS = 21

export function isWide(type: ActivationType): boolean {
  return type === 'uint16' || type === 'int16'
}
