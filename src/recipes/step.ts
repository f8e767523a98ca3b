// Every step a job may hold. A new step type is one file and one line here.

import { z } from 'zod'
import { pruneStep } from './prune.ts'
import { quantizeStep } from './quantize.ts'
import { simplifyStep } from './simplify.ts'

export const step = z
  .discriminatedUnion('type', [simplifyStep, quantizeStep, pruneStep])
  .meta({ id: 'Step', description: 'One step of a job.' })

export type Step = z.infer<typeof step>
export type StepType = Step['type']

/** The method of a step that has several; `null` for the others. */
export function methodOf(step: Step): string | null {
  return step.type === 'simplify' ? null : step.method
}

/** What people call a step: its type and its method. */
export function nameOfStep(step: Step): string {
  return step.type === 'simplify' ? step.type : `${step.type} ${step.method}`
}

/** Names of nodes that the step leaves as they are. */
export function excludedLayersOf(step: Step): readonly string[] {
  return step.type === 'simplify' ? [] : step.excluded_layers
}
