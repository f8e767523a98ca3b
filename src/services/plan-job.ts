// The dry run: what would happen, without making a job.

import type { FieldError } from '#src/domain/errors'
import type { DatasetRole, JobSpec } from '#src/recipes/job-spec'
import { DATASET_ROLES } from '#src/recipes/job-spec'
import { isListed, listedSteps } from '#src/recipes/listed-steps'
import type { Step } from '#src/recipes/step'
import { excludedLayersOf, methodOf } from '#src/recipes/step'
import { absentWorker } from './absent-worker.ts'
import { checkJob } from './check-job.ts'
import { searchCandidates } from './check-search.ts'
import { jobEstimate } from './job-estimate.ts'
import type { JobInputs } from './job-inputs.ts'
import { jobNeeds } from './job-needs.ts'
import type { ServiceContext } from './service-context.ts'

export interface PlannedStep {
  readonly type: string
  readonly method: string | null
  readonly accepted: boolean
  readonly reasons: readonly string[]
  readonly skipped: readonly { readonly node: string; readonly reason: string }[]
}

export interface PlannedData {
  readonly role: DatasetRole
  readonly dataset: string
  readonly samples: number | null
  readonly accepted: boolean
  readonly reasons: readonly string[]
}

export interface JobPlan {
  readonly accepted: boolean
  readonly steps: readonly PlannedStep[]
  readonly data: readonly PlannedData[]
  readonly estimate: {
    readonly source: 'estimated'
    readonly seconds: number | null
    readonly memory_bytes: number | null
  }
  readonly warnings: readonly { readonly code: string; readonly detail: string }[]
  readonly errors: readonly FieldError[]
}

export async function planJob(
  context: ServiceContext,
  tenant: string,
  spec: JobSpec,
): Promise<JobPlan> {
  const { inputs, faults } = await checkJob(context, tenant, spec)
  return {
    accepted: faults.length === 0,
    steps: plannedSteps(spec, inputs, faults),
    data: plannedData(spec, inputs, faults),
    estimate: { source: 'estimated', ...jobEstimate(spec, inputs) },
    warnings: inputs === null ? [] : planWarnings(context, spec, inputs),
    errors: faults,
  }
}

function faultsAt(faults: readonly FieldError[], pointer: string): string[] {
  return faults
    .filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`))
    .map(({ detail }) => detail)
}

/** Of a search: what it would try. */
function plannedSteps(
  spec: JobSpec,
  inputs: JobInputs | null,
  faults: readonly FieldError[],
): PlannedStep[] {
  if (isListed(spec)) {
    return spec.steps.map((step, index) => plannedStep(step, faultsAt(faults, `/steps/${index}`)))
  }
  if (inputs === null) return []
  return searchCandidates(spec, inputs).map(({ step, reasons }) => plannedStep(step, reasons))
}

function plannedStep(step: Step, reasons: readonly string[]): PlannedStep {
  return {
    type: step.type,
    method: methodOf(step),
    accepted: reasons.length === 0,
    reasons,
    skipped: excludedLayersOf(step).map((node) => ({ node, reason: 'named in excluded_layers' })),
  }
}

function plannedData(
  spec: JobSpec,
  inputs: JobInputs | null,
  faults: readonly FieldError[],
): PlannedData[] {
  return DATASET_ROLES.flatMap((role) => {
    const dataset = spec.datasets[role]
    if (dataset === null) return []
    const reasons = faultsAt(faults, `/datasets/${role}`)
    if (role === 'evaluation') reasons.push(...faultsAt(faults, '/evaluation'))
    const samples = inputs?.[role]?.samples ?? null
    return [{ role, dataset, samples, accepted: reasons.length === 0, reasons }]
  })
}

function planWarnings(
  { peers, options }: ServiceContext,
  spec: JobSpec,
  inputs: JobInputs,
): { code: string; detail: string }[] {
  const warnings: { code: string; detail: string }[] = []
  const warn = (code: string, detail: string): void => void warnings.push({ code, detail })
  const { evaluation, calibration, model } = inputs
  const absence = absentWorker(peers, jobNeeds(spec, inputs, options.maxJobMemoryBytes))
  if (absence !== 'none') warn('no_worker', `${absence}; the job would wait for one`)
  if (evaluation === null) {
    warn('no_evaluation', 'without an evaluation dataset the report has no task metric')
  }
  if (calibration !== null && calibration.samples < 32) {
    warn(
      'few_samples',
      `${calibration.samples} calibration samples; 100 or more give steadier ranges`,
    )
  }
  for (const type of ['quantize', 'prune'] as const) {
    if (!listedSteps(spec).some((step) => step.type === type)) continue
    for (const note of model.support[type].notes) warn(type, note)
  }
  return warnings
}
