import { describe, expect, it } from 'vitest'
import { ATTENTION_CASES } from './gradient-cases-attention.ts'
import { CONV_CASES } from './gradient-cases-conv.ts'
import { ELEMENTWISE_CASES } from './gradient-cases-elementwise.ts'
import { MATMUL_CASES } from './gradient-cases-matmul.ts'
import { MOVING_CASES } from './gradient-cases-moving.ts'
import { NORMALIZATION_CASES, RESIZE_CASES } from './gradient-cases-normalization.ts'
import { POOLING_CASES, REDUCTION_CASES } from './gradient-cases-pooling.ts'
import { RECURRENT_CASES } from './gradient-cases-recurrent.ts'
import { TRAINING_CASES } from './gradient-cases-training.ts'
import { checkGradients } from '#test/support/gradient-check'

/** Of the largest element: float32 forward values and a step of 0.01 leave up to 6e-4. */
const TOLERANCE = 1e-3
const SEED = 7

const FAMILIES = [
  ['convolutions', CONV_CASES],
  ['matrix products', MATMUL_CASES],
  ['elementwise functions', ELEMENTWISE_CASES],
  ['attention', ATTENTION_CASES],
  ['pooling', POOLING_CASES],
  ['reductions', REDUCTION_CASES],
  ['moving elements', MOVING_CASES],
  ['normalisations', NORMALIZATION_CASES],
  ['resampling', RESIZE_CASES],
  ['recurrent layers', RECURRENT_CASES],
  ['losses and contributed operators', TRAINING_CASES],
] as const

describe.each(FAMILIES)('gradients of %s', (_family, cases) => {
  it.each(cases)('$title', async (gradientCase) => {
    const errors = await checkGradients(gradientCase, SEED)
    expect(errors.length).toBeGreaterThan(0)
    for (const { input, relativeError, magnitude } of errors) {
      expect(magnitude, `gradient of ${input} is not all zero`).toBeGreaterThan(1e-3)
      expect(relativeError, `gradient of ${input}`).toBeLessThan(TOLERANCE)
    }
  })
})
