import { describe, expect, it } from 'vitest'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { prepareTraining } from '#engine/train/prepare-training'
import { inspectModel } from '#src/onnx/inspect-model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { floatConstant, floatTensor, runtime } from './model-runs.ts'

const NORM =
  'float[4] s = {1, 1, 1, 1}, float[4] b = {0, 0, 0, 0}, float[4] m = {0, 0, 0, 0}, float[4] v = {1, 1, 1, 1}'

describe('models exported while they were trained', () => {
  it('are opened from opset 9, where normalization in training has five outputs', async () => {
    const model = parseModel(`<ir_version: 4, opset_import: ["" : 9]>
      g (float[N,3,4,4] x) => (float[N,4,4,4] y) <float[4,3,1,1] w = random(1, 1.0), ${NORM}>
      { a = Conv(x, w) n, nm, nv, sm, sv = BatchNormalization(a, s, b, m, v) y, mask = Dropout<ratio=0.2>(n) }`)
    const prepared = await prepareTraining(model, runtime)
    const session = await runtime.load(modelBytes(prepared.model), {
      threads: 1,
      optimization: 'basic',
    })
    expect(session.outputs.map(({ name }) => name)).toEqual(['y'])
    await session.release()
  })

  it('are quantized although Dropout tells a mask', async () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[N,16,8,8] x) => (float[N,16,8,8] y)
      <${floatConstant('w', [16, 16, 3, 3], 1, 0.12)}, ${floatConstant('u', [16, 16, 1, 1], 2, 0.3)}, float ratio = {0.2}, bool training = {1}>
      { a = Conv<pads = [1, 1, 1, 1]>(x, w) d, mask = Dropout(a, ratio, training) y = Conv(d, u) }`)
    const feeds = {
      async *[Symbol.asyncIterator]() {
        yield await Promise.resolve({ x: floatTensor([4, 16, 8, 8], 3) })
      },
    }
    const { candidates } = await staticCandidates(model, STATIC_DEFAULTS, feeds, runtime)
    expect(candidates.length).toBeGreaterThan(0)
  })
})

it.each([
  ['float', { supported: true, notes: [] }],
  ['float16', { supported: true, notes: [] }],
  ['double', { supported: false, notes: [expect.stringContaining('of the model are float64')] }],
])('training of weights in %s is judged when the model is uploaded', (type, support) => {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (${type}[N,4] x) => (${type}[N,3] y) <${type}[4,3] w = random(1, 1.0)> { y = MatMul(x, w) }`)
  expect(inspectModel(model).support.distill).toEqual(support)
})
