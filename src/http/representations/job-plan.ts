// The plan of a dry run on the wire.

import { z } from 'zod'
import { DATASET_ROLES } from '#src/recipes/job-spec'
import type { JobPlan } from '#src/services/plan-job'

export const jobPlan = z
  .object({
    object: z.literal('job_plan'),
    accepted: z.boolean(),
    steps: z.array(
      z.object({
        type: z.string(),
        method: z.string().nullable(),
        accepted: z.boolean(),
        reasons: z.array(z.string()),
        skipped: z.array(z.object({ node: z.string(), reason: z.string() })),
      }),
    ),
    data: z.array(
      z.object({
        role: z.enum(DATASET_ROLES),
        dataset: z.string(),
        samples: z.int().nullable(),
        accepted: z.boolean(),
        reasons: z.array(z.string()),
      }),
    ),
    estimate: z.object({
      source: z.literal('estimated'),
      seconds: z.number().nullable(),
      memory_bytes: z.number().nullable(),
    }),
    warnings: z.array(z.object({ code: z.string(), detail: z.string() })),
    errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })),
  })
  .meta({ id: 'JobPlan' })

export function jobPlanBody(plan: JobPlan) {
  return { object: 'job_plan', ...plan } as const
}
