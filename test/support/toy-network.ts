// A small convolutional network and data on which it is always right: labels are its own decisions.

import type { Runtime } from '#engine/runtime/runtime'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { float32Array, int64Array, makeNpz } from './make-npz.ts'

export const SAMPLES = 64
/** w1 432, b1 16, w2 4608, b2 32, w3 128, b3 4. */
export const PARAMETERS = 5220
export const MACS = 432 * 64 + 4608 * 64 + 128

const CLASSES = 4
const IMAGE = 3 * 16 * 16

const TEXT = `
  <ir_version: 10, opset_import: ["" : 17]>
  toy (float[batch, 3, 16, 16] x) => (float[batch, ${CLASSES}] y)
  <
    float[16, 3, 3, 3] w1 = random(1, 0.3), float[16] b1 = random(2, 0.1),
    float[32, 16, 3, 3] w2 = random(3, 0.1), float[32] b2 = random(4, 0.1),
    float[32, ${CLASSES}] w3 = random(5, 0.3), float[${CLASSES}] b3 = random(6, 0.1)
  >
  {
    c1 = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w1, b1)
    r1 = Relu (c1)
    c2 = Conv <pads = [1, 1, 1, 1]> (r1, w2, b2)
    r2 = Relu (c2)
    p = GlobalAveragePool (r2)
    f = Flatten (p)
    y = Gemm (f, w3, b3)
  }
`

export interface ToyNetwork {
  readonly model: Uint8Array
  /** npz with the fields `x` and `labels`. */
  readonly dataset: Uint8Array
}

export async function toyNetwork(runtime: Runtime): Promise<ToyNetwork> {
  const model = modelBytes(parseModel(TEXT))
  const x = Float32Array.from({ length: SAMPLES * IMAGE }, (_, index) => {
    return Math.sin(index * 0.37 + Math.floor(index / IMAGE) * 1.7) + Math.cos(index * 0.011)
  })
  const session = await runtime.load(model, { threads: 1, optimization: 'all' })
  const { y } = await session.run({ x: { dtype: 'float32', dims: [SAMPLES, 3, 16, 16], data: x } })
  await session.release()
  const scores = y!.data as Float32Array
  const labels = Array.from({ length: SAMPLES }, (_, sample) => {
    const row = [...scores.subarray(sample * CLASSES, (sample + 1) * CLASSES)]
    return row.indexOf(Math.max(...row))
  })
  const dataset = makeNpz({
    x: float32Array([SAMPLES, 3, 16, 16], x),
    labels: int64Array([SAMPLES], labels),
  })
  return { model, dataset }
}
