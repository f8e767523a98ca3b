// What the API says of an uploaded model (contract: Models). Filled by src/onnx/inspect without a runtime.

import { z } from 'zod'

export const ioSummary = z
  .strictObject({
    name: z.string(),
    dtype: z.string(),
    /** A number, a symbol such as "batch", or null when unknown; null instead of the array when the rank is unknown. */
    shape: z.array(z.union([z.int(), z.string(), z.null()])).nullable(),
  })
  .meta({ id: 'IoSummary' })

export const graphSummary = z
  .strictObject({
    opset: z.int(),
    ir_version: z.int(),
    producer: z.string(),
    inputs: z.array(ioSummary),
    outputs: z.array(ioSummary),
    nodes: z.int(),
    operators: z.record(z.string(), z.int()),
    parameters: z.int(),
    macs: z.int().nullable(),
    macs_source: z.literal('estimated'),
    sparsity: z.number().min(0).max(1),
  })
  .meta({ id: 'GraphSummary' })

export const stepSupport = z
  .strictObject({ supported: z.boolean(), notes: z.array(z.string()) })
  .meta({ id: 'StepSupport' })

export const modelSupport = z
  .strictObject({
    quantize: stepSupport,
    prune: stepSupport,
    distill: stepSupport,
  })
  .meta({ id: 'ModelSupport' })

export type GraphSummary = z.infer<typeof graphSummary>
export type ModelSupport = z.infer<typeof modelSupport>
