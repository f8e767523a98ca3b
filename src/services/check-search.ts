// Whether the service can choose the steps: a goal to reach, and at least one thing that the model can take.

import type { FieldError } from '#src/domain/errors'
import type { AutoForm } from '#src/recipes/auto-steps'
import { autoDatasets, autoForms, autoReduction, reductionMissing } from '#src/recipes/auto-steps'
import type { JobSpec } from '#src/recipes/job-spec'
import type { ListedSpec } from '#src/recipes/listed-steps'
import type { Step } from '#src/recipes/step'
import { stepSupportFaults } from './check-steps.ts'
import { trainingFaults } from './check-training.ts'
import type { JobInputs } from './job-inputs.ts'

/** Before training: the middle of what is looked through. */
const EXAMPLE_SPARSITY = 0.5

export interface SearchCandidate {
  readonly step: Step
  /** Empty where it is tried. */
  readonly reasons: readonly string[]
}

export function searchFaults(spec: JobSpec, inputs: JobInputs): FieldError[] {
  const candidates = searchCandidates(spec, inputs)
  const isHopeless = candidates.every(({ reasons }) => reasons.length > 0)
  return [
    ...limitFaults(spec),
    ...dataFaults(inputs),
    ...(isHopeless ? [hopeless(candidates)] : []),
  ]
}

/** What a search may carry out, in its order. */
export function searchCandidates(spec: JobSpec, inputs: JobInputs): SearchCandidate[] {
  const forms = autoForms(spec).map(({ step, missing }) => candidate(spec, step, missing, inputs))
  const reduction = autoReduction(spec, EXAMPLE_SPARSITY)
  return [...forms, candidate(spec, reduction, reductionMissing(spec), inputs)]
}

function candidate(
  spec: JobSpec,
  step: Step,
  missing: AutoForm['missing'],
  inputs: JobInputs,
): SearchCandidate {
  if (missing !== 'none') return { step, reasons: [missing] }
  const listed: ListedSpec = { ...spec, steps: [step], datasets: autoDatasets(spec) }
  const calibrated = { ...inputs, calibration: inputs.calibration ?? inputs.train }
  const faults = [...stepSupportFaults(listed, calibrated), ...trainingFaults(listed, calibrated)]
  return { step, reasons: faults.map(({ detail }) => detail) }
}

function limitFaults({ goal }: JobSpec): FieldError[] {
  const limits = [goal?.max_metric_drop, goal?.max_size_bytes, goal?.min_speedup]
  if (limits.some((limit) => limit !== null && limit !== undefined)) return []
  const detail =
    'steps are chosen for a goal: name max_metric_drop, max_size_bytes or min_speedup, or list the steps'
  return [{ pointer: '/goal', code: 'invalid_value', detail }]
}

function dataFaults({ calibration, evaluation, train }: JobInputs): FieldError[] {
  if (calibration !== null || evaluation !== null || train !== null) return []
  const detail =
    'what a trial loses must be measured: give a dataset for evaluation, calibration or train; it needs no labels unless the goal limits the metric'
  return [{ pointer: '/datasets/evaluation', code: 'dataset_required', detail }]
}

function hopeless(candidates: readonly SearchCandidate[]): FieldError {
  const reasons = [...new Set(candidates.flatMap((one) => one.reasons))]
  return { pointer: '/steps', code: 'step_unsupported', detail: reasons.join('; ') }
}
