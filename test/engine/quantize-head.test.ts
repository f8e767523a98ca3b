// What lies behind the last layer of a detector's head stays in float: scores are joined with offsets of a wider range there.

import { expect, test } from 'vitest'
import type { StaticCandidates } from '#engine/quantize/static'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, runModel, runtime } from './model-runs.ts'

const HEAD = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 3, 8, 8] x) => (float[N, 8, 64] y)
  <${floatConstant('w0', [32, 3, 3, 3], 1, 0.3)}, ${floatConstant('w1', [32, 32, 3, 3], 2, 0.1)},
   ${floatConstant('wr', [4, 32, 1, 1], 3, 4)}, ${floatConstant('ws', [4, 32, 1, 1], 4, 0.1)},
   int64[3] shape = {0, 8, 64}>
  {
    [c0] a = Conv<pads = [1, 1, 1, 1]>(x, w0)
    [r0] b = Relu(a)
    [c1] c = Conv<pads = [1, 1, 1, 1]>(b, w1)
    [s1] gate = Sigmoid(c)
    [m1] d = Mul(c, gate)
    [offsets] r = Conv(d, wr)
    [scores] s = Conv(d, ws)
    [unit] u = Sigmoid(s)
    [join] j = Concat<axis = 1>(r, u)
    [flat] y = Reshape(j, shape)
  }`

const FEEDS = Array.from({ length: 4 }, (_, at) => ({ x: floatTensor([1, 3, 8, 8], 60 + at) }))

async function largestScoreError({ candidates }: StaticCandidates): Promise<number> {
  const [candidate] = candidates
  if (candidate === undefined) throw new Error('no candidate')
  const wanted = (await runModel(parseModel(HEAD), FEEDS[0]!))['y']?.data ?? []
  const actual = (await runModel(candidate.model, FEEDS[0]!))['y']?.data ?? []
  const errors = Array.from({ length: 256 }, (_, at) =>
    Math.abs(Number(wanted[256 + at]) - Number(actual[256 + at])),
  )
  return Math.max(...errors)
}

test.each(['cost-plan', 'all-but-first'] as const)(
  '%s: sigmoid and concatenation of a head are no integers, those between layers may be',
  async (placement) => {
    const options = { ...STATIC_DEFAULTS, placements: [placement] }
    const made = await staticCandidates(parseModel(HEAD), options, FEEDS, runtime)
    const names = made.candidates[0]?.integerNodes ?? []
    expect(names).not.toContain('unit')
    expect(names).not.toContain('join')
    if (placement === 'cost-plan') return
    expect(names).toEqual(expect.arrayContaining(['c1', 'offsets', 'scores']))
    // Offsets reach some ±20: joined on integers, scores would be rounded to 0.15.
    expect(await largestScoreError(made)).toBeLessThan(0.03)
  },
)
