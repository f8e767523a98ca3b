// What the evaluations of all tasks have in common.

import { z } from 'zod'

export const latencyOptions = z
  .strictObject({
    batch_size: z.int().min(1).max(1024).default(1),
    threads: z.int().min(1).max(256).default(1),
    runs: z
      .int()
      .min(5)
      .max(10_000)
      .default(50)
      .describe('Timed runs of each model, interleaved with the other.'),
  })
  .meta({ id: 'LatencyOptions' })

export const fieldName = z.string().min(1).max(256)

export const judgedOutput = {
  output: fieldName
    .nullable()
    .default(null)
    .describe('The output to judge, when there are several.'),
}

export function labelField(name: string): z.ZodDefault<z.ZodNullable<z.ZodString>> {
  return fieldName
    .nullable()
    .default(name)
    .describe(
      'The dataset field that holds the labels; null = there are none: agreement with the original and SQNR only.',
    )
}

export const sharedOptions = {
  samples: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('At most this many samples; null = all.'),
  latency: latencyOptions.prefault({}),
}
