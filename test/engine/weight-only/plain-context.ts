// Where tests quantize weights alone: no data, nothing spilt, one thread.

import type { WeightOnlyContext } from '#engine/quantize/weight-only/weight-only-options'
import { MEMORY_STORE } from '#engine/quantize/weight-only/weight-store'
import { runtime } from '../model-runs.ts'

export const PLAIN_CONTEXT: WeightOnlyContext = {
  runtime,
  threads: 1,
  feeds: null,
  store: MEMORY_STORE,
  inputShapes: {},
  progress: () => {},
}
