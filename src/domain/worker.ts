// What work asks of a worker, and what a worker offers.

import type { Accelerator } from '#src/recipes/accelerator'

export interface WorkNeeds {
  readonly accelerator: Accelerator | 'any'
  /** Bytes of memory the work may take; 0 = hardly any. */
  readonly memory_bytes: number
  /** Least revision of the recipes that the worker must know (recipes/step-revisions). */
  readonly revision: number
}

export interface WorkerCapabilities {
  readonly accelerators: readonly Accelerator[]
  /** Bytes of memory that one place of this worker has. */
  readonly memory_bytes: number
  readonly revision: number
}

/** What a webhook or another small task asks for. */
export const NO_NEEDS: WorkNeeds = { accelerator: 'any', memory_bytes: 0, revision: 0 }

export function canServe(worker: WorkerCapabilities, needs: WorkNeeds): boolean {
  const accelerated = needs.accelerator === 'any' || worker.accelerators.includes(needs.accelerator)
  return (
    accelerated && needs.memory_bytes <= worker.memory_bytes && needs.revision <= worker.revision
  )
}
