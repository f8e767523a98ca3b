// Importance `auto` of single weights: what is taken without data, and for weights that would take long.

import { expect, test } from 'vitest'
import type { Samples } from '#engine/evaluate/judge'
import { parseModel } from '#src/onnx/text/parse-model'
import { pruneNm } from '#src/recipes/prune'
import { elementImportance } from '#workers/steps/element-importance'

const STEP = pruneNm.parse({ type: 'prune', method: 'n_m' })
const DATA = {} as Samples

function product(inputs: number, outputs: number) {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, ${inputs}] x) => (float[N, ${outputs}] y)
    <float[${inputs}, ${outputs}] w = random(1, 0.1)> { y = MatMul(x, w) }`)
}

test.each([
  ['small weights and data', product(32, 32), DATA, 'obs', 'fitted'],
  ['no data', product(32, 32), null, 'magnitude', 'no calibration dataset'],
  ['a product that sums over many', product(500_000, 1), DATA, 'magnitude', 'takes long'],
])('%s', (_, model, calibration, importance, reason) => {
  expect(elementImportance(model, STEP, { calibration })).toEqual({
    importance,
    reason: expect.stringContaining(reason),
  })
})
