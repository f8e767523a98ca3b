// Steps that are listed, and steps that the service is to choose.

import type { JobSpec } from './job-spec.ts'
import type { Step } from './step.ts'

export type ListedSpec = Omit<JobSpec, 'steps'> & { readonly steps: Step[] }

export function isListed(spec: JobSpec): spec is ListedSpec {
  return spec.steps !== 'auto'
}

/** Those that were asked for by name: none where the service chooses. */
export function listedSteps({ steps }: Pick<JobSpec, 'steps'>): readonly Step[] {
  return steps === 'auto' ? [] : steps
}
