// A small classifier and data for it: enough to be quantized, judged and timed in a moment.

import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { float32Array, int64Array, makeNpz } from './make-npz.ts'

const TEXT = `
  <ir_version: 8, opset_import: ["" : 17]>
  toy (float[batch, 3, 8, 8] x) => (float[batch, 4] y)
  <
    float[16, 3, 3, 3] w1 = random(1, 0.3), float[16] b1 = random(2, 0.1),
    float[32, 16, 3, 3] w2 = random(3, 0.1), float[32] b2 = random(4, 0.1),
    float[512, 4] w3 = random(5, 0.1)
  >
  {
    c1 = Conv <pads = [1, 1, 1, 1]> (x, w1, b1)
    r1 = Relu (c1)
    c2 = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (r1, w2, b2)
    r2 = Relu (c2)
    f = Flatten (r2)
    y = MatMul (f, w3)
  }
`

/** float32 x [batch, 3, 8, 8] → y [batch, 4]. */
export function toyModel(): Uint8Array {
  return modelBytes(parseModel(TEXT))
}

/** An npz with `x` and `labels`; the labels are arbitrary but always the same. */
export function toyDataset(samples: number): Uint8Array {
  let state = 7
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
  const pixels = Float32Array.from({ length: samples * 192 }, next)
  const labels = Array.from({ length: samples }, (_, index) => index % 4)
  return makeNpz({
    x: float32Array([samples, 3, 8, 8], pixels),
    labels: int64Array([samples], labels),
  })
}
