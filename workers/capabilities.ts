// What this worker offers.

import type { Config } from '#src/config'
import type { WorkerCapabilities } from '#src/domain/worker'
import { RECIPE_REVISION } from '#src/domain/worker'

export function capabilities(config: Config): WorkerCapabilities {
  return {
    accelerators: ['cpu'],
    memory_bytes: config.maxJobMemoryBytes,
    revision: RECIPE_REVISION,
  }
}
