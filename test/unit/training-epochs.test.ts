import { describe, expect, test } from 'vitest'
import { epochsOf, retraining } from '#src/recipes/training'
import { pruneStep } from '#src/recipes/prune'
import { quantizeQat } from '#src/recipes/quantize-qat'

describe('how often each sample is seen, unless the recipe says', () => {
  const { epochs: chosen, batch_size } = retraining.parse({})

  test.each([
    [32, 100],
    [120, 100],
    [640, 100],
    [4000, 16],
    [12_000, 6],
    [60_000, 3],
    [1_000_000, 3],
  ])('of %i samples', (samples, epochs) => {
    expect(epochsOf({ epochs: chosen, batch_size }, samples)).toBe(epochs)
  })

  test('goes by the size of a batch', () => {
    expect(epochsOf({ epochs: 'auto', batch_size: 8 }, 800)).toBe(10)
  })

  test('is a number where the recipe gives one, and where the model is close to what it should be', () => {
    expect(epochsOf(retraining.parse({ epochs: 7 }), 32)).toBe(7)
    const step = pruneStep.parse({ type: 'prune', method: 'n_m', finetune: {} })
    expect(step.finetune?.epochs).toBe('auto')
    expect(quantizeQat.parse({ type: 'quantize', method: 'qat' }).training.epochs).toBe(3)
  })
})
