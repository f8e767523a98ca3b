// Whether the steps can follow each other and whether the model can take them.

import type { FieldError } from '#src/domain/errors'
import type { JobSpec } from '#src/recipes/job-spec'
import type { Step, StepType } from '#src/recipes/step'
import type { JobInputs } from './job-inputs.ts'

/** Pairs of step types of which the second cannot come anywhere after the first. */
const CONFLICTS: readonly {
  readonly first: StepType
  readonly then: StepType
  readonly why: string
}[] = [
  { first: 'quantize', then: 'quantize', why: 'the model is quantized already by then' },
  {
    first: 'quantize',
    then: 'simplify',
    why: 'folding constants would undo the quantization; simplify first',
  },
]

export function stepOrderFaults(steps: readonly Step[]): FieldError[] {
  const faults: FieldError[] = []
  steps.forEach((step, index) => {
    const earlier = steps.slice(0, index)
    for (const { first, then, why } of CONFLICTS) {
      const before = earlier.findIndex(({ type }) => type === first)
      if (step.type !== then || before < 0) continue
      faults.push({
        pointer: `/steps/${index}`,
        code: 'pipeline_conflict',
        detail: `step ${index + 1} (${then}) cannot come after step ${before + 1} (${first}): ${why}`,
      })
    }
  })
  return faults
}

export function stepSupportFaults(spec: JobSpec, { model }: JobInputs): FieldError[] {
  const faults: FieldError[] = []
  spec.steps.forEach((step, index) => {
    const pointer = `/steps/${index}`
    if (step.type !== 'quantize') return
    const { supported, notes } = model.support.quantize
    if (!supported) {
      const why = notes.length === 0 ? 'the model cannot be quantized' : notes.join('; ')
      faults.push({ pointer, code: 'step_unsupported', detail: why })
    }
    if (step.method === 'static' && spec.datasets.calibration === null) {
      faults.push({
        pointer: '/datasets/calibration',
        code: 'dataset_required',
        detail: `step ${index + 1} (quantize static) needs a calibration dataset; method dynamic needs none`,
      })
    }
  })
  return faults
}

export function excludedLayerFaults(
  steps: readonly Step[],
  nodes: ReadonlySet<string>,
): FieldError[] {
  const faults: FieldError[] = []
  steps.forEach((step, index) => {
    if (step.type !== 'quantize') return
    step.excluded_layers.forEach((name, position) => {
      if (nodes.has(name)) return
      faults.push({
        pointer: `/steps/${index}/excluded_layers/${position}`,
        code: 'invalid_value',
        detail: `the model has no node '${name}'${closest(name, nodes)}`,
      })
    })
  })
  return faults
}

export function namesExcludedLayers(steps: readonly Step[]): boolean {
  return steps.some((step) => step.type === 'quantize' && step.excluded_layers.length > 0)
}

/** A node whose name holds the given one or is held by it, as a hint. */
function closest(name: string, nodes: ReadonlySet<string>): string {
  const lower = name.toLowerCase()
  for (const node of nodes) {
    const other = node.toLowerCase()
    if (other.includes(lower) || lower.includes(other)) return `; did you mean '${node}'?`
  }
  return ''
}
