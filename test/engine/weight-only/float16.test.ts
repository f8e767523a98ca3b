// Weights of float16 models are stored in blocks like those of others.

import { expect, it } from 'vitest'
import { quantizeFloat16 } from '#engine/quantize/float16'
import { quantizeWeightOnly } from '#engine/quantize/weight-only/weight-only'
import { WEIGHT_ONLY_DEFAULTS } from '#engine/quantize/weight-only/weight-only-options'
import { modelSize } from '#src/onnx/write-model'
import { outputNoise, runtime } from '../model-runs.ts'
import { PLAIN_CONTEXT } from './plain-context.ts'
import { tinyTransformer, tokenFeeds } from './tiny-transformer.ts'

it('makes a float16 model smaller, and runs near it', async () => {
  const half = async () => {
    const options = { keepIoTypes: true, excludedLayers: [], feeds: 'none' } as const
    return (await quantizeFloat16(tinyTransformer(), options, runtime)).model
  }
  const options = { ...WEIGHT_ONLY_DEFAULTS, format: 'matmul_nbits', dtype: 'int8' } as const
  const made = await quantizeWeightOnly(await half(), options, PLAIN_CONTEXT)
  expect(made.details['widened_from_float16']).toBeGreaterThan(4)
  expect([...made.model.graph.nodes()].map(({ opType }) => opType)).toContain('MatMulNBits')
  expect(modelSize(await half()) / modelSize(made.model)).toBeGreaterThan(1.3)
  expect(await outputNoise(await half(), made.model, tokenFeeds(2, 5, 3))).toBeGreaterThan(30)
})
