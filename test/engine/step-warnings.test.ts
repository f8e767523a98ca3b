// Steps say where a job gets other than what it asked for; docs/warnings.md lists every code.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quantizeWeightOnly } from '#src/recipes/quantize-weight-only'
import { congruential } from '#test/support/congruential'
import { float32Array } from '#test/support/make-npz'
import { widerWarnings } from '#workers/steps/weight-only-warnings'
import { reportOf } from './task-job.ts'

const step = (change: object) =>
  quantizeWeightOnly.parse({ type: 'quantize', method: 'weight_only', ...change })

test('layers in more bits than asked for are counted', () => {
  const layers = [{ bits: 8 }, { bits: 4 }, { bits: 8 }]
  const [warning] = widerWarnings(step({}), layers)
  expect(warning).toMatchObject({ code: 'more_bits_than_asked' })
  expect(warning?.detail).toMatch(/^2 of 3 layers are stored in 8 bits, not in 4/)
  expect(widerWarnings(step({ weights_dtype: 'int8' }), layers)).toEqual([])
  expect(widerWarnings(step({}), [{ bits: 4 }])).toEqual([])
})

test.each([
  [64, ['sparsity_without_speed', 'few_weights_prunable']],
  [8, ['sparsity_without_speed']],
])('a table of %s rows beside the weights that are pruned', async (rows, codes) => {
  const model = `<ir_version: 8, opset_import: ["" : 17]> g (float[n, 16] x) => (float[n, 16] y)
    <float[16, 16] w = random(1), float[${rows}, 16] t = random(2), int64 i = {3}>
    { r = Gather (t, i) a = MatMul (x, w) y = Add (a, r) }`
  const x = float32Array([4, 16], congruential(5).take(64))
  const steps = [{ type: 'prune', method: 'unstructured' }]
  const report = await reportOf({ model, arrays: { x }, steps, evaluation: { task: 'none' } })
  expect(report.steps[0]?.warnings.map(({ code }) => code)).toEqual(codes)
})

test('the guide lists every code', () => {
  const root = join(import.meta.dirname, '../..')
  const guide = readFileSync(join(root, 'docs/warnings.md'), 'utf8')
  const listed = [...guide.matchAll(/^\| `(\w+)`/gm)].map(([, code]) => code)
  const sources = ['workers/steps', 'workers/engine/evaluate'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  )
  const given = sources
    .filter((text) => text.includes('ReportWarning') || text.includes('warnings'))
    .flatMap((text) => [...text.matchAll(/\bcode: '(\w+)',?\s+detail\b/g)])
    .map(([, code]) => code)
  expect(new Set(listed)).toEqual(new Set(given))
})
