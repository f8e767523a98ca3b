// A dataset on the wire.

import { z } from 'zod'
import type { DatasetRecord } from '#src/domain/records'
import { imagePreprocess } from '#src/recipes/image-preprocess'

export const dataset = z
  .object({
    id: z.string(),
    object: z.literal('dataset'),
    name: z.string(),
    format: z.enum(['npz', 'safetensors', 'images']),
    samples: z.int(),
    fields: z.array(z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.int()) })),
    classes: z.union([z.array(z.string()), z.int(), z.null()]),
    preprocess: imagePreprocess.nullable(),
    size_bytes: z.int(),
    sha256: z.string(),
    created_at: z.string(),
    metadata: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Dataset' })

export function datasetBody({ tenant: _, ...record }: DatasetRecord) {
  return { object: 'dataset', ...record } as const
}
