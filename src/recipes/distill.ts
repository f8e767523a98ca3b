// Step `distill`: a student learns to answer as its teacher does.

import { z } from 'zod'
import { retraining } from './training.ts'

const otherModel = z
  .string()
  .max(64)
  .regex(/^model_/, 'an id that starts with model_')

const generatedStudent = z
  .strictObject({
    width: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe('Share of the channels, heads and neurons of each layer that is kept.'),
    depth: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('Share of the residual blocks that is kept, evenly spread.'),
  })
  .refine(({ width, depth }) => width < 1 || depth < 1, {
    message: 'a student as wide and as deep as its teacher is no smaller: give width or depth',
  })
  .meta({
    id: 'GeneratedStudent',
    description: "A smaller copy of the teacher's graph that keeps its weights.",
  })

const innerValue = z.string().min(1).max(512)

const hint = z
  .strictObject({
    student: innerValue.describe('A value inside the student, by its name in the graph.'),
    teacher: innerValue
      .nullable()
      .default(null)
      .describe('The value inside the teacher that it is compared with; null = of the same name.'),
    compare: z
      .enum(['features', 'cosine', 'attention'])
      .default('features')
      .describe(
        '`features`: the numbers, behind a learned 1×1 convolution; `cosine`: their direction, behind one too; `attention`: where they are large, whatever the channels.',
      ),
    channel_axis: z
      .int()
      .min(-8)
      .max(7)
      .nullable()
      .default(null)
      .describe('null = axis 1 where there are four or five axes, else the last.'),
    weight: z
      .number()
      .positive()
      .max(1e6)
      .default(1)
      .describe('Of this hint in the sum, where the answers count 1.'),
  })
  .meta({ id: 'DistillHint' })

export const distillStep = z
  .strictObject({
    type: z.literal('distill'),
    teacher: otherModel.nullable().default(null).describe("null = the job's model."),
    student: z
      .union([otherModel, generatedStudent])
      .nullable()
      .default(null)
      .describe(
        'A model, or what share of the teacher is copied; null = the model as the steps so far made it.',
      ),
    loss: z
      .enum(['auto', 'divergence', 'squared_error', 'cosine'])
      .default('auto')
      .describe(
        'How answers are compared: as distributions over classes, as numbers, or by their direction; `auto` takes what suits each output.',
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
      .array(hint)
      .max(32)
      .default([])
      .describe('Inner values that the student should have as the teacher has them.'),
    training: retraining.prefault({}).describe('How the student is trained.'),
  })
  .meta({
    id: 'DistillStep',
    description:
      'Trains the model to answer as its teacher does; needs a training dataset, not labels.',
  })

export type DistillStep = z.infer<typeof distillStep>
export type DistillHint = z.infer<typeof hint>
export type GeneratedStudent = z.infer<typeof generatedStudent>

/** The uploaded model that is the student; `null` when there is none. */
export function uploadedStudent({ student }: DistillStep): string | null {
  return typeof student === 'string' ? student : null
}

/** The sizes of a student that is made of its teacher; `null` when there is none. */
export function generatedStudentOf({ student }: DistillStep): GeneratedStudent | null {
  return typeof student === 'string' ? null : student
}
