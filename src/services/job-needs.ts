// What a job asks of its worker.

import type { WorkNeeds } from '#src/domain/worker'
import type { JobSpec } from '#src/recipes/job-spec'
import { leastRevision } from '#src/recipes/step-revisions'
import { jobEstimate } from './job-estimate.ts'
import type { JobInputs } from './job-inputs.ts'

/** @param maxMemoryBytes what one job may take at most: no job waits for a worker with more */
export function jobNeeds(spec: JobSpec, inputs: JobInputs, maxMemoryBytes: number): WorkNeeds {
  return {
    accelerator: spec.accelerator === 'auto' ? 'any' : spec.accelerator,
    memory_bytes: Math.min(jobEstimate(spec, inputs).memory_bytes ?? 0, maxMemoryBytes),
    revision: leastRevision(spec),
  }
}
