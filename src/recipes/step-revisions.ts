// Which revision of the recipes brought each step, method and option: a job waits for a worker that knows what it uses.
// Whoever adds one raises the number; a worker knows everything up to the highest.

import type { QuantizeDynamicStep, QuantizeFloat16Step, QuantizeStaticStep } from './quantize.ts'
import type { SimplifyStep } from './simplify.ts'
import type { Step } from './step.ts'

/** A use of the step that came later than the step. */
interface LaterUse<S> {
  readonly since: number
  /** Older workers would do something else. */
  readonly isUsed: (step: S) => boolean
}

interface StepHistory<S> {
  readonly since: number
  readonly later: readonly LaterUse<S>[]
}

interface Histories {
  readonly simplify: StepHistory<SimplifyStep>
  readonly 'quantize static': StepHistory<QuantizeStaticStep>
  readonly 'quantize dynamic': StepHistory<QuantizeDynamicStep>
  readonly 'quantize float16': StepHistory<QuantizeFloat16Step>
}

type StepName<S extends Step> = S extends { readonly method: infer M extends string }
  ? `${S['type']} ${M}`
  : S['type']

const HISTORIES: Histories & Record<StepName<Step>, unknown> = {
  simplify: { since: 1, later: [] },
  'quantize static': {
    since: 1,
    later: [
      { since: 2, isUsed: ({ calibration }) => calibration.method !== 'minmax' },
      { since: 2, isUsed: (step) => step.equalize || step.bias_correction },
      { since: 2, isUsed: (step) => step.mixed_precision || step.smooth_quant },
    ],
  },
  'quantize dynamic': { since: 1, later: [] },
  'quantize float16': { since: 1, later: [] },
}

/** What workers of this version know. */
export const RECIPE_REVISION = Math.max(
  ...Object.values(HISTORIES).flatMap(({ since, later }: StepHistory<never>) => [
    since,
    ...later.map((use) => use.since),
  ]),
)

/** The least revision that runs these steps as they are meant. */
export function leastRevision(steps: readonly Step[]): number {
  return Math.max(0, ...steps.map(revisionOf))
}

function revisionOf(step: Step): number {
  const name = step.type === 'quantize' ? (`quantize ${step.method}` as const) : step.type
  // The table's type pairs every name with its own step; an index cannot.
  const { since, later } = HISTORIES[name] as StepHistory<Step>
  return Math.max(since, ...later.filter(({ isUsed }) => isUsed(step)).map((use) => use.since))
}
