// Importance `auto`: what is taken without data, and for weights that would take long.

import { expect, test } from 'vitest'
import type { Samples } from '#engine/evaluate/judge'
import { parseModel } from '#src/onnx/text/parse-model'
import { pruneStep } from '#src/recipes/prune'
import { chooseImportance } from '#workers/steps/auto-importance'

const MASKS = pruneStep.parse({ type: 'prune', method: 'n_m' })
const CHANNELS = pruneStep.parse({ type: 'prune', method: 'channel' })
const DATA: Samples = {
  count: 128,
  batch: async () => ({ x: { dtype: 'float32', dims: [1, 32], data: new Float32Array(32) } }),
}

const PICTURES: Samples = {
  count: 128,
  batch: async () => ({
    x: { dtype: 'float32', dims: [1, 3, 512, 512], data: new Float32Array() },
  }),
}
/** 9 · 3 · 32 · 512² = 2.3e8 for each picture. */
const MAPS = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 3, H, W] x) => (float[N, 32, H, W] y) <float[32, 3, 3, 3] w = random(1, 0.1)>
  { y = Conv<pads = [1, 1, 1, 1]>(x, w) }`)

function product(inputs: number, outputs: number) {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, ${inputs}] x) => (float[N, ${outputs}] y)
    <float[${inputs}, ${outputs}] w = random(1, 0.1)> { y = MatMul(x, w) }`)
}

test.each([
  ['small weights and data', MASKS, product(32, 32), DATA, 'obs', 'fitted'],
  ['no data', CHANNELS, product(32, 32), null, 'magnitude', 'no calibration dataset'],
  ['a product that sums over many', MASKS, product(500_000, 1), DATA, 'magnitude', 'takes long'],
  ['channels of large maps', CHANNELS, MAPS, PICTURES, 'activation', 'takes long'],
  ['its weights', MASKS, MAPS, PICTURES, 'obs', 'fitted'],
  ['its channels', CHANNELS, product(500_000, 1), DATA, 'activation', 'takes long'],
])('%s', async (_, step, model, calibration, importance, reason) => {
  expect(await chooseImportance(model, step, { calibration })).toEqual({
    importance,
    reason: expect.stringContaining(reason),
  })
})
