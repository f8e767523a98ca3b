// One case of ONNX Runtime's quantization tests, and what several of them share.

import { floatConstant } from './model-runs.ts'

export interface PeerCase {
  /** The upstream file. */
  readonly file: string
  readonly title: string
  readonly input: readonly number[]
  readonly outputs: string
  readonly constants: string
  readonly body: string
  /** Operators that upstream puts between quantizers, or replaces by integer ones. */
  readonly upstream: readonly string[]
  /** What is different here, and why; `none`: the same. */
  readonly difference: 'none' | { readonly ours: readonly string[]; readonly why: string }
}

export const IMAGE = [1, 8, 12, 12]
export const CONV = floatConstant('w', [16, 8, 3, 3], 1, 0.1)
export const SHAPES = 'int64[2] flat = {1, 1600}, int64[1] zero = {0}, int64[1] one = {1}'

export const leaves = (what: string, ours: readonly string[]): PeerCase['difference'] => ({
  ours,
  why: `${what} moves integers; its result leaves the graph, and DequantizeLinear before it is no slower than behind`,
})
export const float = (what: string, ours: readonly string[]): PeerCase['difference'] => ({
  ours,
  why: `${what} has no integer kernel in ONNX Runtime on CPU: quantizers around it only cost`,
})

/** Constants that several bodies name. */
export const SHARED = 'float[4] scales = {1, 1, 2, 2}, int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}'
