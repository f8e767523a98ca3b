// What pruning gives back.

import type { Model } from '#src/onnx/ir/model'
import type { Declined } from '../rewrite/pass.ts'

export interface PruneResult {
  readonly model: Model
  readonly details: Readonly<Record<string, unknown>>
  readonly declined: readonly Declined[]
}
