// Every step a job may hold. A new step type is one file and one line here.

import { z } from 'zod'
import { distillStep, uploadedStudent } from './distill.ts'
import { factorizeStep } from './factorize.ts'
import { pruneStep } from './prune.ts'
import { quantizeStep } from './quantize.ts'
import { simplifyStep } from './simplify.ts'
import type { Training } from './training.ts'

export const step = z
  .discriminatedUnion('type', [simplifyStep, quantizeStep, pruneStep, distillStep, factorizeStep])
  .meta({ id: 'Step', description: 'One step of a job.' })

export type Step = z.infer<typeof step>
export type StepType = Step['type']

/** The method of a step that has several; `null` for the others. */
export function methodOf(step: Step): string | null {
  return 'method' in step ? step.method : null
}

/** What people call a step: its type and its method. */
export function nameOfStep(step: Step): string {
  return 'method' in step ? `${step.type} ${step.method}` : step.type
}

/** Names of nodes that the step leaves as they are. */
export function excludedLayersOf(step: Step): readonly string[] {
  return 'excluded_layers' in step ? step.excluded_layers : []
}

/** How the step trains; `null` when it does not. */
export function trainingOf(step: Step): Training | null {
  switch (step.type) {
    case 'distill':
      return step.training
    case 'prune':
      return step.finetune
    case 'quantize':
      return step.method === 'qat' ? step.training : null
    default:
      return null
  }
}

/** Models that the step reads beside the one of the job. */
export function otherModelsOf(step: Step): readonly string[] {
  if (step.type !== 'distill') return []
  return [step.teacher, uploadedStudent(step)].filter((id) => id !== null)
}
