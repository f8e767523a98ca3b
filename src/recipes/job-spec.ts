// What a caller asks for: the body of `POST /v1/jobs`. Parsing fills in every default.

import { z } from 'zod'
import { ACCELERATORS } from './accelerator.ts'
import { evaluation } from './evaluation.ts'
import { label } from './label.ts'
import { step } from './step.ts'

export const MAX_STEPS = 32
/** Holds as far as the service allows it. */
export const DEFAULT_TIMEOUT_SECONDS = 3600

const id = (prefix: string) =>
  z
    .string()
    .max(64)
    .regex(new RegExp(`^${prefix}_`), `an id that starts with ${prefix}_`)

export const metadata = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((value) => Object.keys(value).length <= 50, 'at most 50 keys')
  .default({})

export const goal = z
  .strictObject({
    max_metric_drop: z.number().min(0).max(1).nullable().default(null),
    max_size_bytes: z.int().min(1).nullable().default(null),
    min_speedup: z.number().positive().nullable().default(null),
    on_miss: z.enum(['fail', 'warn']).default('warn'),
  })
  .meta({ id: 'Goal' })

/** A secret of Standard Webhooks. */
export const signingSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'whsec_ and 24 to 64 bytes in base64')

export const jobWebhook = z
  .strictObject({
    url: z.string().max(2048),
    events: z
      .array(z.enum(['job.succeeded', 'job.failed', 'job.canceled']))
      .min(1)
      .default(['job.succeeded', 'job.failed', 'job.canceled']),
    secret: signingSecret.nullable().default(null),
  })
  .meta({ id: 'JobWebhook' })

export const jobDatasets = z
  .strictObject({
    calibration: id('dataset').nullable().default(null),
    evaluation: id('dataset').nullable().default(null),
    train: id('dataset').nullable().default(null),
  })
  .meta({ id: 'JobDatasets' })

export const jobTarget = z
  .strictObject({
    formats: z
      .array(z.enum(['onnx', 'ort']))
      .min(1)
      .max(2)
      .default(['onnx']),
  })
  .meta({ id: 'JobTarget' })

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex')

/** Filled in by the service; a body that brings it must name the same bytes, so that a repeated job is the same job. */
export const manifest = z
  .strictObject({
    model_sha256: sha256,
    calibration_sha256: sha256.nullable(),
    evaluation_sha256: sha256.nullable(),
    train_sha256: sha256.nullable().default(null),
    models_sha256: z
      .record(z.string().max(64), sha256)
      .default({})
      .describe('Of the other models that steps name, by id.'),
    tersor: z.string().max(64).describe('Version of the service.'),
  })
  .meta({ id: 'Manifest' })

export const jobSpec = z
  .strictObject({
    model: id('model'),
    name: label.default(''),
    steps: z
      .union([z.array(step).min(1).max(MAX_STEPS), z.literal('auto')])
      .describe(
        'In their order. `auto`: chosen by trying what can reach the `goal`, which must then have a limit; the report lists every trial.',
      ),
    datasets: jobDatasets.prefault({}),
    evaluation: evaluation.prefault({ task: 'none' }),
    goal: goal.nullable().default(null),
    target: jobTarget.prefault({}),
    webhook: jobWebhook.nullable().default(null),
    accelerator: z.enum(['auto', ...ACCELERATORS]).default('auto'),
    priority: z.int().min(-100).max(100).default(0),
    timeout_seconds: z
      .int()
      .min(1)
      .max(30 * 24 * 3600)
      .default(DEFAULT_TIMEOUT_SECONDS)
      .describe('The service may allow less; what it allows is said when a job asks for more.'),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(0),
    metadata,
    manifest: manifest.optional(),
  })
  .meta({ id: 'JobSpec' })

export type JobSpec = z.infer<typeof jobSpec>
export type DatasetRole = keyof JobSpec['datasets']

export const DATASET_ROLES = [
  'calibration',
  'evaluation',
  'train',
] as const satisfies readonly DatasetRole[]

export type Manifest = z.infer<typeof manifest>
export type Goal = z.infer<typeof goal>
