// What weight-only quantization is asked for, and what it works with.

import type { Runtime } from '../../runtime/runtime.ts'
import type { FeedSource } from '../activation-statistics.ts'
import type { BlockDtype } from './emit-blocked-qdq.ts'
import type { WeightStore } from './weight-store.ts'

export interface WeightOnlyOptions {
  readonly dtype: BlockDtype
  readonly blockSize: number
  readonly symmetric: boolean
  /** Scales of least squared error instead of those of the extremes; `hqq` has its own. */
  readonly scaleSearch: boolean
  readonly algorithm: 'rtn' | 'gptq' | 'awq' | 'hqq'
  readonly actOrder: boolean
  readonly damping: number
  readonly format: 'auto' | 'matmul_nbits' | 'qdq'
  readonly accuracyLevel: number
  /** Tables that rows are looked up in as well. */
  readonly embeddings: boolean
  readonly excludedLayers: readonly string[]
}

export interface WeightOnlyContext {
  readonly runtime: Runtime
  readonly threads: number
  /** `null`: no data. */
  readonly feeds: FeedSource | null
  readonly store: WeightStore
  /** Concrete shapes of the inputs, for which forms are timed; empty where they are not known. */
  readonly inputShapes: Readonly<Record<string, readonly number[]>>
  readonly progress: (fraction: number, message: string) => void
}

export const WEIGHT_ONLY_DEFAULTS: WeightOnlyOptions = {
  dtype: 'int4',
  blockSize: 32,
  symmetric: true,
  scaleSearch: true,
  algorithm: 'rtn',
  actOrder: false,
  damping: 0.01,
  format: 'auto',
  accuracyLevel: 4,
  embeddings: true,
  excludedLayers: [],
}
