// Step `quantize`, discriminated on `method`.

import { z } from 'zod'
import { calibration } from './calibration.ts'
import { excludedLayers } from './excluded-layers.ts'
import { quantizeQat } from './quantize-qat.ts'
import { ACTIVATION_DTYPES, TARGETS } from './quantize-targets.ts'
import { quantizeWeightOnly } from './quantize-weight-only.ts'

export const quantizeStatic = z
  .strictObject({
    type: z.literal('quantize'),
    method: z.literal('static'),
    weights_dtype: z.enum(['int8']).default('int8').describe('What weights are stored as.'),
    target: z
      .enum(TARGETS)
      .default('host')
      .describe(
        "The runtime that the model is made for: `host` is ONNX Runtime on this machine's CPU, where candidates are timed. See the table of targets in docs/decisions/0013-quantization-targets.md.",
      ),
    activations_dtype: z
      .enum(['auto', ...ACTIVATION_DTYPES])
      .default('auto')
      .describe('`auto` is what suits the target; each target takes some.'),
    per_channel: z.boolean().default(true).describe('One scale per output channel of a weight.'),
    reduce_range: z
      .boolean()
      .default(false)
      .describe('7-bit weights, for x86 processors without VNNI, where 8-bit products saturate.'),
    calibration: calibration.prefault({}),
    equalize: z
      .boolean()
      .default(true)
      .describe('Scale channels so that a common range fits them, where that lessens the error.'),
    smooth_quant: z
      .boolean()
      .default(true)
      .describe('Divide outlying channels of what matrix products read, where that helps.'),
    bias_correction: z
      .boolean()
      .default(true)
      .describe('Take the mean error of each layer out through its bias.'),
    adaround: z
      .boolean()
      .default(false)
      .describe("Round each weight up or down for the least error of its layer's output."),
    mixed_precision: z
      .boolean()
      .default(true)
      .describe(
        'Put the layers that hurt most per millisecond saved back to float until the goal holds.',
      ),
    excluded_layers: excludedLayers,
  })
  .meta({
    id: 'QuantizeStaticStep',
    description: 'Integer weights and activations; needs calibration data.',
  })

export const quantizeDynamic = z
  .strictObject({
    type: z.literal('quantize'),
    method: z.literal('dynamic'),
    weights_dtype: z.enum(['int8']).default('int8').describe('What weights are stored as.'),
    per_channel: z
      .boolean()
      .default(false)
      .describe('One scale per output channel of a weight; without, one per weight.'),
    excluded_layers: excludedLayers,
  })
  .meta({
    id: 'QuantizeDynamicStep',
    description: 'Integer weights; activations are quantized while running. Needs no data.',
  })

export const quantizeFloat16 = z
  .strictObject({
    type: z.literal('quantize'),
    method: z.literal('float16'),
    keep_io_types: z.boolean().default(true).describe('Inputs and outputs stay float32.'),
    excluded_layers: excludedLayers,
  })
  .meta({ id: 'QuantizeFloat16Step', description: 'Half-precision weights and activations.' })

export const quantizeStep = z
  .discriminatedUnion('method', [
    quantizeStatic,
    quantizeDynamic,
    quantizeWeightOnly,
    quantizeFloat16,
    quantizeQat,
  ])
  .meta({ id: 'QuantizeStep' })

export type QuantizeStaticStep = z.infer<typeof quantizeStatic>
export type QuantizeDynamicStep = z.infer<typeof quantizeDynamic>
export type QuantizeFloat16Step = z.infer<typeof quantizeFloat16>
