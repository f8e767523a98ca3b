// Importance `auto`: what is taken without data, and for weights that would take long.

import { expect, test } from 'vitest'
import type { Samples } from '#engine/evaluate/judge'
import { parseModel } from '#src/onnx/text/parse-model'
import { pruneStep } from '#src/recipes/prune'
import { chooseImportance } from '#workers/steps/auto-importance'

const MASKS = pruneStep.parse({ type: 'prune', method: 'n_m' })
const CHANNELS = pruneStep.parse({ type: 'prune', method: 'channel' })
const DATA = {} as Samples

function product(inputs: number, outputs: number) {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, ${inputs}] x) => (float[N, ${outputs}] y)
    <float[${inputs}, ${outputs}] w = random(1, 0.1)> { y = MatMul(x, w) }`)
}

test.each([
  ['small weights and data', MASKS, product(32, 32), DATA, 'obs', 'fitted'],
  ['no data', CHANNELS, product(32, 32), null, 'magnitude', 'no calibration dataset'],
  ['a product that sums over many', MASKS, product(500_000, 1), DATA, 'magnitude', 'takes long'],
  ['its channels', CHANNELS, product(500_000, 1), DATA, 'activation', 'takes long'],
])('%s', (_, step, model, calibration, importance, reason) => {
  expect(chooseImportance(model, step, { calibration })).toEqual({
    importance,
    reason: expect.stringContaining(reason),
  })
})
