// The report of a finished job (contract: Report). Every figure was measured unless its name or `source` says otherwise; what could not be measured is null, with the reason in `unavailable`.

import { z } from 'zod'
import { stepSearch } from './step-search.ts'

export const latencyMeasure = z
  .strictObject({
    p50: z.number(),
    p95: z.number(),
    runs: z.int(),
    threads: z.int(),
    batch_size: z.int(),
  })
  .meta({
    id: 'LatencyMeasure',
    description: 'Milliseconds; runs interleaved with those of the other model.',
  })

export const qualityMeasure = z
  .strictObject({ metric: z.string(), value: z.number(), samples: z.int() })
  .meta({ id: 'QualityMeasure' })

export const modelMeasures = z
  .strictObject({
    size_bytes: z.int(),
    transfer_bytes: z.int().describe('Size after zstd compression.'),
    parameters: z.int(),
    nonzero_parameters: z.int(),
    sparsity: z.number(),
    macs: z.int().nullable(),
    macs_source: z.literal('estimated'),
    latency_ms: latencyMeasure.nullable(),
    throughput_per_second: z.number().nullable(),
    peak_memory_bytes: z
      .int()
      .nullable()
      .describe('Peak resident memory of a process that loads and runs this model alone.'),
    cpu_ms_per_inference: z.number().nullable(),
    energy_mj_per_inference: z.number().nullable(),
    quality: qualityMeasure.nullable(),
    agreement: z
      .number()
      .nullable()
      .describe(
        "Share of samples, or of pixels, on which the decision equals the original's; of boxes, the mean average precision against the original's.",
      ),
    sqnr_db: z
      .number()
      .nullable()
      .describe("Signal-to-quantization-noise ratio of the outputs against the original's."),
    unavailable: z.record(z.string(), z.string()).describe('Why a figure is null.'),
  })
  .meta({ id: 'ModelMeasures' })

export const changeMeasures = z
  .strictObject({
    compression_ratio: z.number(),
    transfer_compression_ratio: z.number(),
    parameter_reduction: z.number(),
    macs_reduction: z.number().nullable(),
    speedup: z.number().nullable().describe('Median of original latency ÷ compressed latency.'),
    metric_drop: z.number().nullable(),
    accuracy_retention: z.number().nullable(),
    peak_memory_ratio: z.number().nullable().describe('Compressed ÷ original.'),
  })
  .meta({ id: 'ChangeMeasures' })

export const reportWarning = z
  .strictObject({ code: z.string(), detail: z.string() })
  .meta({ id: 'ReportWarning' })

/** What a step did. `declined`: rules that did not apply, each with its reason. */
export const stepReport = z
  .strictObject({
    type: z.string(),
    method: z.string().nullable(),
    duration_ms: z.number(),
    after: z.strictObject({
      size_bytes: z.int(),
      parameters: z.int(),
      macs: z.int().nullable(),
      sparsity: z.number(),
    }),
    details: z.record(z.string(), z.unknown()),
    declined: z.array(
      z.strictObject({ rule: z.string(), node: z.string().nullable(), reason: z.string() }),
    ),
    warnings: z.array(reportWarning),
  })
  .meta({ id: 'StepReport' })

export const layerReport = z
  .strictObject({
    name: z.string(),
    op: z.string(),
    parameters: z.int(),
    macs: z.int().nullable(),
    dtype: z.string(),
    bits: z.int().nullable().describe('Of each weight as it is stored; null without weights.'),
    sparsity: z.number(),
    sqnr_db: z
      .number()
      .nullable()
      .describe("Signal-to-quantization-noise ratio of the layer's output on calibration samples."),
    latency_ms: z
      .number()
      .nullable()
      .describe(
        "Of the kernel that runs in the layer's place, by the runtime's profiler, which adds some microseconds to each; null where the timed runs were not on the CPU or the runtime does not tell.",
      ),
    original_latency_ms: z
      .number()
      .nullable()
      .default(null)
      .describe('Likewise of the layer of this name in the original; null where it has none.'),
    kernel: z
      .string()
      .nullable()
      .describe("The operator that the runtime runs in the layer's place; null when unknown."),
    integer_kernel: z
      .boolean()
      .nullable()
      .describe("Whether the runtime's optimized graph runs it on integers; null when unknown."),
  })
  .meta({ id: 'LayerReport' })

export const operatorTime = z
  .strictObject({
    operator: z.string().describe("Of the runtime's own graph: fused and reordering ones too."),
    original_ms: z.number().nullable(),
    compressed_ms: z.number().nullable(),
  })
  .meta({
    id: 'OperatorTime',
    description: "Time of one inference by operator, from the runtime's profiler.",
  })

const provider = z.string().describe('cpu, cuda or webgpu.')

export const placement = z
  .strictObject({
    provider,
    nodes_by_provider: z
      .record(z.string(), z.number())
      .nullable()
      .describe(
        'Share of the nodes of the compressed model that ran on each, 0–1: an accelerator leaves to the CPU what it has no kernel for. null when the runtime does not tell.',
      ),
  })
  .meta({ id: 'Placement' })

export const fallback = z
  .strictObject({
    requested: z.string().describe('The accelerator that the job asked for.'),
    reason: z.string(),
  })
  .meta({ id: 'AcceleratorFallback' })

export const coverage = placement
  .extend({
    macs_in_integer_kernels: z.number().nullable(),
    evaluation: placement.describe(
      'Where the samples were run; the fields beside it say where the timed runs were.',
    ),
    fallback: z
      .union([z.literal('none'), fallback])
      .describe('Why something else than the accelerator asked for was used.'),
  })
  .meta({ id: 'Coverage' })

export const report = z
  .strictObject({
    object: z.literal('report'),
    job: z.string(),
    created_at: z.string(),
    environment: z.strictObject({
      cpu: z.string(),
      threads: z.int(),
      onnxruntime: z.string(),
      tersor: z.string(),
      node: z.string(),
      platform: z.string(),
    }),
    original: modelMeasures,
    compressed: modelMeasures,
    change: changeMeasures,
    steps: z.array(stepReport),
    // Reports of earlier versions have none.
    search: stepSearch.nullable().default(null).describe('Of `steps` `auto`.'),
    layers: z.array(layerReport),
    // Reports of earlier versions have none.
    operators: z.array(operatorTime).default([]),
    coverage,
    goal: z
      .strictObject({
        met: z.boolean(),
        checks: z.array(
          z.strictObject({
            name: z.string(),
            limit: z.number(),
            value: z.number().nullable(),
            met: z.boolean(),
          }),
        ),
      })
      .nullable(),
    warnings: z.array(reportWarning),
  })
  .meta({ id: 'Report' })

export type Report = z.infer<typeof report>
export type ModelMeasures = z.infer<typeof modelMeasures>
export type ChangeMeasures = z.infer<typeof changeMeasures>
export type StepReport = z.infer<typeof stepReport>
export type LayerReport = z.infer<typeof layerReport>
export type OperatorTime = z.infer<typeof operatorTime>
export type Placement = z.infer<typeof placement>
export type Fallback = z.infer<typeof fallback>
export type ReportWarning = z.infer<typeof reportWarning>
