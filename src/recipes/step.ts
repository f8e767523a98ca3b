// Every step a job may hold. A new step type is one file and one line here.

import { z } from 'zod'
import { quantizeStep } from './quantize.ts'
import { simplifyStep } from './simplify.ts'

export const step = z
  .discriminatedUnion('type', [simplifyStep, quantizeStep])
  .meta({ id: 'Step', description: 'One step of a job.' })

export type Step = z.infer<typeof step>
export type StepType = Step['type']
