// Whether the steps can follow each other and whether the model can take them.

import type { FieldError } from '#src/domain/errors'
import type { ListedSpec } from '#src/recipes/listed-steps'
import type { ModelSupport } from '#src/onnx/judge-support'
import { activationsFault } from '#src/recipes/quantize-targets'
import type { Step, StepType } from '#src/recipes/step'
import { excludedLayersOf, nameOfStep } from '#src/recipes/step'
import { pruneFaults } from './check-prune.ts'
import { weightOnlyFaults } from './check-weight-only.ts'
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
  {
    first: 'quantize',
    then: 'prune',
    why: 'what a channel is worth is told from floating-point weights; prune first',
  },
  {
    first: 'quantize',
    then: 'factorize',
    why: 'singular values are those of floating-point weights; factorize first',
  },
  {
    first: 'quantize',
    then: 'distill',
    why: 'quantized weights cannot be trained; distill first',
  },
]

/** Whose support a step needs: what can be pruned has weights in floating point. */
const SUPPORT = {
  simplify: 'none',
  quantize: 'quantize',
  prune: 'prune',
  distill: 'none',
  factorize: 'prune',
} as const satisfies Record<StepType, keyof ModelSupport | 'none'>

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

export function stepSupportFaults(spec: ListedSpec, inputs: JobInputs): FieldError[] {
  const { model } = inputs
  const faults: FieldError[] = []
  spec.steps.forEach((step, index) => {
    const pointer = `/steps/${index}`
    if (step.type === 'prune') faults.push(...pruneFaults(spec, step, index, inputs))
    const kind = SUPPORT[step.type]
    if (kind === 'none') return
    const { supported, notes } = model.support[kind]
    if (!supported) {
      const why = notes.length === 0 ? `the model does not support ${step.type}` : notes.join('; ')
      faults.push({ pointer, code: 'step_unsupported', detail: why })
    }
    if (step.type === 'quantize' && step.method === 'weight_only') {
      faults.push(...weightOnlyFaults(step, index, spec))
    }
    if (step.type === 'quantize' && step.method === 'static') {
      const detail = activationsFault(step)
      const place = `${pointer}/activations_dtype`
      if (detail !== 'none') faults.push({ pointer: place, code: 'invalid_value', detail })
    }
    if (
      step.type === 'quantize' &&
      (step.method === 'static' || step.method === 'qat') &&
      spec.datasets.calibration === null
    ) {
      faults.push({
        pointer: '/datasets/calibration',
        code: 'dataset_required',
        detail: `step ${index + 1} (${nameOfStep(step)}) needs a calibration dataset; method dynamic needs none`,
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
    for (const { name, place } of namedLayersOf(step)) {
      if (nodes.has(name)) continue
      faults.push({
        pointer: `/steps/${index}/${place}`,
        code: 'invalid_value',
        detail: `the model has no node '${name}'${closest(name, nodes)}`,
      })
    }
  })
  return faults
}

export function namesExcludedLayers(steps: readonly Step[]): boolean {
  return steps.some((step) => namedLayersOf(step).length > 0)
}

interface NamedLayer {
  readonly name: string
  /** Where the step names it, as a JSON pointer from the step on. */
  readonly place: string
}

function namedLayersOf(step: Step): NamedLayer[] {
  const excluded = excludedLayersOf(step).map((name, position) => {
    return { name, place: `excluded_layers/${position}` }
  })
  if (!('scope' in step) || typeof step.scope === 'string') return excluded
  const fractions = Object.keys(step.scope.per_layer).map((name) => {
    return { name, place: `scope/per_layer/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` }
  })
  return [...excluded, ...fractions]
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
