// Trains LeNet-5 from scratch on all of MNIST with the engine's own training and prints what it gets right of the test set.
// Run: node dist/bench/mnist-lenet.js FOLDER_OF_DATA [EPOCHS] [THREADS] [SAVE.onnx]

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Samples } from '#engine/evaluate/judge'
import { openRuntime } from '#engine/runtime/ort'
import { trainModel } from '#engine/train/train-model'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { LABEL_LOSS } from './training/label-loss.ts'

const [data, epochs = '12', threads = '1', save] = process.argv.slice(2)
if (data === undefined) throw new Error('usage: mnist-lenet FOLDER_OF_DATA [EPOCHS] [THREADS]')
const runtime = openRuntime()

/** Uniform with the variance 2 ÷ fan-in (He et al. 2015). */
const he = (seed: number, fan: number): string =>
  `random(${seed}, ${Math.sqrt(6 / fan).toFixed(5)})`
const zeros = (count: number): string => `{${Array(count).fill('0.0').join()}}`

/** 20 and 50 filters of 5 × 5, 500 neurons: 431 080 parameters. */
const LENET = `<ir_version: 8, opset_import: ["" : 17]>
  lenet (float[batch, 1, 28, 28] x) => (float[batch, 10] y)
  <float[20, 1, 5, 5] w1 = ${he(1, 25)}, float[20] b1 = ${zeros(20)},
   float[50, 20, 5, 5] w2 = ${he(2, 500)}, float[50] b2 = ${zeros(50)},
   float[800, 500] w3 = ${he(3, 800)}, float[500] b3 = ${zeros(500)},
   float[500, 10] w4 = ${he(4, 500)}, float[10] b4 = ${zeros(10)}>
  { c1 = Conv(x, w1, b1) r1 = Relu(c1) p1 = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r1)
    c2 = Conv(p1, w2, b2) r2 = Relu(c2) p2 = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r2)
    f = Flatten(p2) d = Gemm(f, w3, b3) r3 = Relu(d) y = Gemm(r3, w4, b4) }`

function mnist(part: 'train' | 't10k'): Samples {
  const read = (name: string) => gunzipSync(readFileSync(join(data as string, 'mnist', name)))
  const images = read(`${part}-images-idx3-ubyte.gz`).subarray(16)
  const labels = read(`${part}-labels-idx1-ubyte.gz`).subarray(8)
  return {
    count: labels.length,
    batch: (start, end) => {
      const pixels = Float32Array.from(images.subarray(start * 784, end * 784), (p) => p / 255)
      const classes = BigInt64Array.from(labels.subarray(start, end), BigInt)
      return Promise.resolve({
        x: { dtype: 'float32', dims: [end - start, 1, 28, 28], data: pixels },
        labels: { dtype: 'int64', dims: [end - start], data: classes },
      })
    },
  }
}

async function accuracy(model: Model, samples: Samples): Promise<number> {
  const session = await runtime.load(modelBytes(model), { threads: 1, optimization: 'all' })
  let right = 0
  for (let start = 0; start < samples.count; start += 500) {
    const { labels, ...inputs } = await samples.batch(start, start + 500)
    const scores = [...((await session.run(inputs))['y']?.data ?? [])].map(Number)
    for (const [row, label] of [...(labels?.data ?? [])].entries()) {
      const own = scores.slice(row * 10, row * 10 + 10)
      if (own.indexOf(Math.max(...own)) === Number(label)) right += 1
    }
  }
  await session.release()
  return right / samples.count
}

const [train, test] = [mnist('train'), mnist('t10k')]
const model = parseModel(LENET)
const start = performance.now()
const options = {
  epochs: Number(epochs),
  batchSize: 64,
  optimizer: { type: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  learningRate: 1e-3,
  schedule: { kind: 'cosine', warmUp: 100 },
  seed: 0,
  clipNorm: 1,
  batchNorm: 'train',
  frozenLayers: [],
  keepZeros: false,
  averaging: null,
  earlyStopping: null,
  augmentations: ['shift'],
  shards: 1,
  threads: Number(threads),
} as const
const task = { terms: [LABEL_LOSS], teacher: null, samples: train, options }
const report = await trainModel(model, task, runtime, {
  onEpoch: ({ epoch, loss }) => {
    const seconds = ((performance.now() - start) / 1000).toFixed(0)
    console.log(`epoch ${epoch} of ${epochs}: loss ${loss.toFixed(4)} (${seconds} s)`)
  },
})
const share = await accuracy(model, test)
console.log(
  `LeNet-5 from scratch, ${train.count} training pictures, ${report.steps} steps: ${(100 * share).toFixed(2)} % of ${test.count} test pictures`,
)
if (save !== undefined) writeFileSync(save, modelBytes(model))
