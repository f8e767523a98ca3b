// Step `quantize`, method `weight_only`.

import { z } from 'zod'
import { excludedLayers } from './excluded-layers.ts'

export const quantizeWeightOnly = z
  .strictObject({
    type: z.literal('quantize'),
    method: z.literal('weight_only'),
    weights_dtype: z
      .enum(['int4', 'uint4', 'int8'])
      .default('int4')
      .describe('What weights are stored as.'),
    block_size: z
      .literal([16, 32, 64, 128, 256])
      .default(32)
      .describe('Weights of an output channel that share a scale.'),
    symmetric: z
      .boolean()
      .default(true)
      .describe('One zero point for all blocks; without, each block has its own.'),
    algorithm: z
      .enum(['rtn', 'gptq', 'awq', 'hqq'])
      .default('rtn')
      .describe(
        'Rounding to nearest; `gptq` (errors taken out of weights that follow) and `awq` (scales between layers) need calibration data; `hqq` (half-quadratic) needs none.',
      ),
    scale_search: z
      .boolean()
      .default(true)
      .describe('Take the scale of least squared error of each block, not that of its extremes.'),
    act_order: z
      .boolean()
      .default(false)
      .describe('Round the input channels of the most energy first; for algorithm `gptq`.'),
    damping: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe('Share of its mean added to the diagonal of the second moments; for `gptq`.'),
    samples: z
      .int()
      .min(1)
      .max(100_000)
      .default(128)
      .describe('Samples of the calibration dataset to use.'),
    format: z
      .enum(['auto', 'matmul_nbits', 'qdq'])
      .default('auto')
      .describe(
        'Operator of ONNX Runtime, or standard DequantizeLinear; `auto` times both for the shapes of the inputs and stores int8 where neither is as fast as float.',
      ),
    accuracy_level: z
      .int()
      .min(0)
      .max(4)
      .default(4)
      .describe(
        'How the runtime may compute products of `matmul_nbits`: 1 in float, 4 with activations rounded to 8 bits.',
      ),
    embeddings: z
      .boolean()
      .default(true)
      .describe('Quantize tables that rows are looked up in as well.'),
    excluded_layers: excludedLayers,
  })
  .meta({
    id: 'QuantizeWeightOnlyStep',
    description: 'Weights of 4 or 8 bits with a scale per block; activations stay in float.',
  })

export type QuantizeWeightOnlyStep = z.infer<typeof quantizeWeightOnly>
