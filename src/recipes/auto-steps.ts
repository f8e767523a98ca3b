// What `steps: "auto"` tries: each candidate is one step that could have been asked for by name.

import type { DatasetRole, JobSpec } from './job-spec.ts'
import type { Step } from './step.ts'
import { step } from './step.ts'

/** A form in which weights are stored and computed on. */
interface Form {
  readonly name: string
  readonly step: Readonly<Record<string, unknown>>
  /** Datasets that it cannot do without. */
  readonly reads: readonly Exclude<DatasetRole, 'evaluation'>[]
  /** Takes long: only where no form before it keeps the quality. */
  readonly isLast: boolean
}

const quick = { reads: [], isLast: false } as const

const FORMS: readonly Form[] = [
  { name: 'simplified', step: { type: 'simplify' }, ...quick },
  { name: 'float16', step: { type: 'quantize', method: 'float16' }, ...quick },
  { name: 'int8 dynamic', step: { type: 'quantize', method: 'dynamic' }, ...quick },
  {
    name: 'int8 weights',
    step: { type: 'quantize', method: 'weight_only', weights_dtype: 'int8' },
    ...quick,
  },
  { name: 'int4 weights', step: { type: 'quantize', method: 'weight_only' }, ...quick },
  {
    name: 'int8 static',
    step: { type: 'quantize', method: 'static' },
    reads: ['calibration'],
    isLast: false,
  },
  {
    name: 'int8 trained',
    step: { type: 'quantize', method: 'qat' },
    reads: ['calibration', 'train'],
    isLast: true,
  },
]

export interface AutoForm {
  readonly name: string
  readonly step: Step
  readonly isLast: boolean
  /** Why it is not tried; `none` where it is. */
  readonly missing: string
}

/** In the order in which they are tried. */
export function autoForms(spec: JobSpec): AutoForm[] {
  const datasets = autoDatasets(spec)
  return FORMS.map(({ name, step: asked, reads, isLast }) => {
    const absent = reads.filter((role) => datasets[role] === null)
    const missing =
      absent.length === 0 ? 'none' : `needs a dataset for ${absent.join(' and one for ')}`
    return { name, step: step.parse(asked), isLast, missing }
  })
}

/** Fewer channels; trained afterwards where there is something to train on. */
export function autoReduction(spec: JobSpec, sparsity: number): Step {
  const finetune = spec.datasets.train === null ? null : {}
  return step.parse({ type: 'prune', method: 'channel', sparsity, finetune })
}

/** Why no channels are removed; `none` where they are. */
export function reductionMissing(spec: JobSpec): string {
  return autoDatasets(spec).calibration === null
    ? 'needs a dataset for train or calibration: what is left must be fitted to something'
    : 'none'
}

/** Samples to train on do for calibration as well. */
export function autoDatasets({ datasets }: JobSpec): JobSpec['datasets'] {
  return { ...datasets, calibration: datasets.calibration ?? datasets.train }
}

/** Every step that a search may carry out with the datasets there are. */
export function stepsOfSearch(spec: JobSpec): Step[] {
  const forms = autoForms(spec).filter(({ missing }) => missing === 'none')
  const reduction = reductionMissing(spec) === 'none' ? [autoReduction(spec, 0.5)] : []
  return [...forms.map((form) => form.step), ...reduction]
}
