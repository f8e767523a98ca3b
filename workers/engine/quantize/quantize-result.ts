// What a quantization gives back.

import type { Model } from '#src/onnx/ir/model'
import type { Declined } from '../rewrite/pass.ts'

export interface QuantizeResult {
  readonly model: Model
  /** Figures for the report. */
  readonly details: Readonly<Record<string, unknown>>
  readonly declined: readonly Declined[]
}

/** Smallest and largest value seen. */
export interface Range {
  readonly low: number
  readonly high: number
}

export type Ranges = ReadonlyMap<string, Range>
