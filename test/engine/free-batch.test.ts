// Models of a fixed batch, opened for training.

import { describe, expect, test } from 'vitest'
import { fixedBatch, freeBatch } from '#engine/train/free-batch'
import { trainModel } from '#engine/train/train-model'
import { openRuntime } from '#engine/runtime/ort'
import { parseModel } from '#src/onnx/text/parse-model'
import { HARD, OPTIONS, toyNet, toyPictures, weightsOf } from './train-toy.ts'

const runtime = openRuntime()
const model = (inputs: string, outputs: string, constants: string, nodes: string) =>
  parseModel(
    `<ir_version: 8, opset_import: ["" : 18]> m (${inputs}) => (${outputs}) <${constants}> { ${nodes} }`,
  )

const OPENED = {
  'a list of sizes with the batch in it': model(
    'float[1, 3, 4, 4] x',
    'float[1, 5] y',
    'float[48, 5] w = random(1, 0.3), int64[2] s = {1, 48}',
    'r = Reshape(x, s) y = MatMul(r, w)',
  ),
  'heads joined to the batch': model(
    'float[1, 6, 16] x',
    'float[1, 6, 16] y',
    'float[16, 16] w = random(1, 0.3), int64[4] s = {1, 6, 4, 4}, int64[3] h = {4, 6, 4}, int64[4] b = {1, 4, 6, 4}, int64[3] o = {1, 6, 16}',
    `q = MatMul(x, w) q4 = Reshape(q, s) qt = Transpose<perm = [0, 2, 1, 3]>(q4) q3 = Reshape(qt, h)
     k3 = Transpose<perm = [0, 2, 1]>(q3) a = MatMul(q3, k3) p = Softmax<axis = -1>(a) z = MatMul(p, q3)
     z4 = Reshape(z, b) zt = Transpose<perm = [0, 2, 1, 3]>(z4) y = Reshape(zt, o)`,
  ),
  'a token of all samples in front': model(
    'float[1, 6, 8] x',
    'float[1, 7, 8] y',
    'float[1, 1, 8] t = random(1, 0.3), float[1, 7, 8] e = random(2, 0.3)',
    'c = Concat<axis = 1>(t, x) y = Add(c, e)',
  ),
  'the batch behind another axis': model(
    'float[2, 6, 8] x',
    'float[2, 6, 8] y',
    'int64[3] s = {6, 8, 2}, int64[3] b = {6, 2, 8}, float[8] e = random(2, 0.3)',
    `t = Transpose<perm = [1, 0, 2]>(x) u = Transpose<perm = [0, 2, 1]>(t) r = Reshape(u, s)
     v = Transpose<perm = [0, 2, 1]>(r) w = Reshape(v, b) m = Mul(w, e) y = Transpose<perm = [1, 0, 2]>(m)`,
  ),
  'elements picked by their places in a row': model(
    'float[1, 4] x',
    'float[1, 2, 4] y',
    'int64[1, 1, 4] i = {0, 1, 2, 3}, int64[3] s = {1, 1, 4}, float[1, 2, 1] e = random(2, 0.3)',
    'f = Flatten<axis = 0>(x) g = Gather<axis = 1>(f, i) r = Reshape(g, s) y = Mul(r, e)',
  ),
  'elements picked by sample and place': model(
    'float[1, 3] x',
    'float[1, 2, 3] y',
    'int64[1, 1, 3, 2] i = {0, 0, 0, 1, 0, 2}, float[1, 2, 1] e = random(2, 0.3)',
    'g = GatherND(x, i) y = Mul(g, e)',
  ),
  'sizes to expand to': model(
    'float[1, 1, 8] x',
    'float[1, 4, 8] y',
    'int64[3] s = {1, 4, 8}, float[8] e = random(2, 0.3)',
    'r = Expand(x, s) y = Mul(r, e)',
  ),
}

const FIXED = {
  'elements of one sample, in another order': [
    model(
      'float[1, 3] x',
      'float[1, 3] y',
      'int64[1, 3, 2] i = {0, 1, 0, 0, 0, 2}',
      'y = GatherND(x, i)',
    ),
    "output 'y' does not follow it",
  ],
  'samples that mix': [
    model(
      'float[1, 6, 8] x',
      'float[1, 6, 8] y',
      'int64[2] s = {6, 8}, int64[3] b = {1, 6, 8}',
      `r = Reshape(x, s) t = Transpose<perm = [1, 0]>(r) a = MatMul(r, t) p = Softmax<axis = -1>(a)
       z = MatMul(p, r) y = Reshape(z, b)`,
    ),
    "for several samples at once, output 'y' is not what it is for each",
  ],
  'a result for all samples': [
    model('float[1, 8] x', 'float y', '', 'y = ReduceMax<keepdims = 0>(x)'),
    "output 'y' does not follow it",
  ],
  'constants for each of several samples': [
    model('float[2, 8] x', 'float[2, 8] y', 'float[2, 8] e = random(1, 1.0)', 'y = Add(x, e)'),
    "output 'y' does not follow it",
  ],
} as const

describe('a model of a fixed batch', () => {
  test.each(Object.entries(OPENED))('is opened: %s', async (_, fixed) => {
    const freed = await freeBatch(fixed, runtime)
    expect(freed.reason).toBeNull()
    expect(fixedBatch(freed.model)).toBeNull()
    expect(fixedBatch(fixed)).not.toBeNull()
  })

  test.each(Object.entries(FIXED))('stays as it is: %s', async (_, [fixed, reason]) => {
    const freed = await freeBatch(fixed, runtime)
    expect(freed.reason).toContain(reason)
    expect(freed.model).toBe(fixed)
  })

  test('is trained in batches as if its batch were open', async () => {
    const [open, fixed] = [toyNet(8), toyNet(8)]
    const [input] = fixed.graph.inputs
    if (input?.type?.kind === 'tensor') input.type = { ...input.type, shape: [1, 1, 8, 8] }
    const task = { terms: [HARD], teacher: null, samples: toyPictures(64), options: OPTIONS }
    const report = await trainModel(fixed, task, runtime)
    await trainModel(open, task, runtime)
    expect([report.batch, report.batchReason]).toEqual([16, null])
    expect(weightsOf(fixed)).toEqual(weightsOf(open))
    expect(fixedBatch(fixed)).toBe(1)
  })
})
