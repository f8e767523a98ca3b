// How the steps of a job were chosen, where the service chose them: part of its report.

import { z } from 'zod'

export const stepSearch = z
  .strictObject({
    limits: z.strictObject({
      max_loss: z
        .number()
        .describe('Of the goal, or where it names none, what counts as no loss for the task.'),
      max_loss_from: z
        .enum(['goal', 'task'])
        .describe('Where it is `task`, it gives way to the limits that the goal names.'),
      loss_unit: z.string(),
      max_size_bytes: z.int().nullable(),
      min_speedup: z.number().nullable(),
    }),
    trials: z.array(
      z.strictObject({
        name: z.string(),
        steps: z
          .array(z.record(z.string(), z.unknown()))
          .describe('As they can be asked for in a job of their own.'),
        outcome: z.enum(['chosen', 'passed', 'missed', 'refused', 'not_tried']),
        reason: z
          .string()
          .describe(
            'What was missed, what is lost beyond `max_loss`, or why it was not tried; none otherwise.',
          ),
        size_bytes: z.int().nullable(),
        speedup: z.number().nullable().describe('By processor time at one thread, interleaved.'),
        loss: z.number().nullable().describe('In `loss_unit`.'),
      }),
    ),
    chosen: z.string().describe('Name of the trial that is handed back.'),
    reached: z.boolean().describe('Whether that trial held every limit of the goal.'),
    ended: z.enum(['complete', 'out_of_time']),
  })
  .meta({ id: 'StepSearch' })

export type StepSearch = z.infer<typeof stepSearch>
