// Why layers keep all of their channels.

import { expect, test } from 'vitest'
import { pruneChannels } from '#engine/prune/prune-channels'
import { parseModel } from '#src/onnx/text/parse-model'
import { runtime } from './model-runs.ts'
import { HALF_OF_EACH } from './prune-options.ts'

async function reasons(text: string) {
  const { declined } = await pruneChannels(
    parseModel(`<ir_version: 8, opset_import: ["" : 17]> ${text}`),
    HALF_OF_EACH,
    'none',
    runtime,
  )
  return declined.map(({ node, reason }) => `${node ?? ''}: ${reason}`)
}

test('what holds the channels is told before what holds the plane', async () => {
  const found = await reasons(`g (float[B,3,8,8] x) => (float[B,1,16,64] y) <
      float[16,3,1,1] w = random(1, 1.0), float[1,1,3,3] v = random(2, 1.0), int64[4] list = {-1, 1, 16, 64}
    > { [first] a = Conv(x, w) r = Reshape(a, list) [second] y = Conv<pads = [1,1,1,1]>(r, v) }`)
  expect(found).toContain('first: second: spatial axis')
})

test('layers inside branches that an input decides are told of', async () => {
  const found = await reasons(`g (bool c, float[B,4] x) => (float[B,4] y)
    <float[4,4] w = random(1, 1.0)> {
      [choice] y = If (c) <
        then_branch = one () => (float[B,4] p) { p = MatMul(x, w) },
        else_branch = other () => (float[B,4] q) { h = MatMul(x, w) q = MatMul(h, w) }
      >
    }`)
  expect(found).toEqual([
    'choice: 3 layers lie inside its branches or body, where channels are not followed',
  ])
})
