// Step `distill`: a student learns to answer as its teacher does.

import { z } from 'zod'
import { training } from './training.ts'

const otherModel = z
  .string()
  .max(64)
  .regex(/^model_/, 'an id that starts with model_')
  .nullable()
  .default(null)

export const distillStep = z
  .strictObject({
    type: z.literal('distill'),
    teacher: otherModel.describe("null = the job's model."),
    student: otherModel.describe('null = the model as the steps so far made it.'),
    loss: z
      .enum(['auto', 'divergence', 'squared_error'])
      .default('auto')
      .describe(
        'How answers are compared: as distributions over classes, or as numbers; `auto` takes what suits the task.',
      ),
    temperature: z
      .number()
      .min(0.1)
      .max(100)
      .default(4)
      .describe('Softens the distributions of both, so that unlikely classes count.'),
    alpha: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe("Weight of the teacher's answers; the rest is for labels, where there are any."),
    hints: z
      .array(z.string())
      .max(0)
      .default([])
      .describe('Pairs of inner values to compare. None yet: the list must be empty.'),
    training: training.prefault({}),
  })
  .meta({
    id: 'DistillStep',
    description:
      'Trains the model to answer as its teacher does; needs a training dataset, not labels.',
  })

export type DistillStep = z.infer<typeof distillStep>
