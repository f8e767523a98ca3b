// The demo's model: random convolutions and a random layer as features, a readout fitted to drawn digits in closed form.
// The same seed builds the same model.

import type { Runtime } from '#engine/runtime/runtime'
import { typedTensor } from '#src/onnx/ir/tensor'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import type { Digits } from './draw-digits.ts'
import { CLASSES, SIDE } from './draw-digits.ts'
import { ridgeRegression } from './ridge-regression.ts'

const HIDDEN = 256
const FLAT = 32 * (SIDE / 4) * (SIDE / 4)

// Weights of a layer with n inputs are spread by √(2 / n), which keeps activations at the same size (He et al., 2015).
const spread = (inputs: number) => Math.sqrt(2 / inputs).toFixed(4)

const FEATURES = `
  <ir_version: 10, opset_import: ["" : 17], producer_name: "tersor-demo">
  digits (float[batch, 1, ${SIDE}, ${SIDE}] image) => (float[batch, ${HIDDEN}] features)
  <
    float[16, 1, 3, 3] w1 = random(1, ${spread(9)}),
    float[16] b1 = random(2, 0.1),
    float[32, 16, 3, 3] w2 = random(3, ${spread(144)}),
    float[32] b2 = random(4, 0.1),
    float[${FLAT}, ${HIDDEN}] w3 = random(5, ${spread(FLAT)}),
    float[${HIDDEN}] b3 = random(6, 0.1)
  >
  {
    c1 = Conv <pads = [1, 1, 1, 1]> (image, w1, b1)
    r1 = Relu (c1)
    p1 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r1)
    c2 = Conv <pads = [1, 1, 1, 1]> (p1, w2, b2)
    r2 = Relu (c2)
    p2 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r2)
    flat = Flatten (p2)
    h = Gemm (flat, w3, b3)
    features = Relu (h)
  }
`

const READOUT = FEATURES.replace(`[batch, ${HIDDEN}] features)`, `[batch, ${CLASSES}] logits)`)
  .replace(
    '  >\n  {',
    `,\n    float[${HIDDEN}, ${CLASSES}] w4 = random(7), float[${CLASSES}] b4 = full(0)\n  >\n  {`,
  )
  .replace('features = Relu (h)', 'features = Relu (h)\n    logits = Gemm (features, w4, b4)')

/** The model as ONNX bytes: float32 [batch, 1, 28, 28] → logits [batch, 10]. */
export async function buildModel(runtime: Runtime, train: Digits): Promise<Uint8Array> {
  const session = await runtime.load(modelBytes(parseModel(FEATURES)), {
    threads: 1,
    optimization: 'all',
  })
  const image = {
    dtype: 'float32',
    dims: [train.count, 1, SIDE, SIDE],
    data: train.images,
  } as const
  const { features } = await session.run({ image })
  await session.release()
  const targets = new Float32Array(train.count * CLASSES).fill(-1)
  train.labels.forEach((label, sample) => {
    targets[sample * CLASSES + Number(label)] = 1
  })
  const weights = ridgeRegression(features!.data as Float32Array, targets, HIDDEN, CLASSES, 1)
  const model = parseModel(READOUT)
  const readout = model.graph.initializers.get('w4')!
  model.graph.setInitializer(readout, typedTensor('w4', 'float32', [HIDDEN, CLASSES], weights))
  return modelBytes(model)
}
