// Small networks and samples to train them on, in this process.

import type { Samples } from '#engine/evaluate/judge'
import type { Runtime } from '#engine/runtime/runtime'
import type { LossTerm } from '#engine/train/losses/loss-term'
import type { TrainOptions } from '#engine/train/train-options'
import { floatValues } from '#src/onnx/tensor-values'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { seededRandom } from '#test/support/seeded-random'

export const CLASSES = 3
const IMAGE = 64

/** A small network with BatchNormalization; other seeds give other weights. */
export function toyNet(channels: number, seed = 1): Model {
  const flat = channels * 4
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    toy (float[batch, 1, 8, 8] x) => (float[batch, ${CLASSES}] y)
    <float[${channels}, 1, 3, 3] w1 = random(${seed}, 0.4), float[${channels}] s = random(${seed + 1}, 1.0), float[${channels}] b = random(${seed + 2}, 0.1),
     float[${channels}] mean = random(${seed + 3}, 0.1), float[${channels}] var = {${Array(channels).fill('1.0').join()}},
     float[${channels}, 1, 3, 3] w2 = random(${seed + 4}, 0.4), float[${flat}, ${CLASSES}] w3 = random(${seed + 5}, 0.3), float[${CLASSES}] b3 = random(${seed + 6}, 0.1)>
    { c1 = Conv<pads=[1,1,1,1]>(x, w1) n1 = BatchNormalization(c1, s, b, mean, var) r1 = Relu(n1)
      p1 = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r1)
      c2 = Conv<pads=[1,1,1,1], group=${channels}>(p1, w2) r2 = Relu(c2)
      p2 = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r2)
      f = Flatten(p2) y = Gemm(f, w3, b3) }`)
}

/** Pictures with a bright horizontal, vertical or diagonal line, in noise. */
export function toyPictures(count: number, seed = 3): Samples {
  const random = seededRandom(seed)
  const data = Float32Array.from({ length: count * IMAGE }, () => (random() - 0.5) * 0.8)
  const labels = BigInt64Array.from({ length: count }, () => BigInt(Math.floor(random() * CLASSES)))
  labels.forEach((label, sample) => {
    const at = Math.floor(random() * 8)
    for (let step = 0; step < 8; step += 1) {
      const [row, column] = [
        [at, step],
        [step, at],
        [step, (step + at) % 8],
      ][Number(label)] ?? [0, 0]
      data[sample * IMAGE + row! * 8 + column!]! += 1
    }
  })
  return {
    count,
    batch: async (start, end) => ({
      x: {
        dtype: 'float32',
        dims: [end - start, 1, 8, 8],
        data: data.slice(start * IMAGE, end * IMAGE),
      },
      labels: { dtype: 'int64', dims: [end - start], data: labels.slice(start, end) },
    }),
  }
}

export const HARD: LossTerm = {
  kind: 'cross_entropy',
  output: 'y',
  target: 'labels',
  targetType: 'int64',
  weight: 1,
  axis: -1,
  smoothing: 0,
}

export const OPTIONS: TrainOptions = {
  epochs: 3,
  batchSize: 16,
  optimizer: { type: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  learningRate: 0.01,
  schedule: { kind: 'cosine', warmUp: 0 },
  seed: 0,
  clipNorm: null,
  batchNorm: 'train',
  frozenLayers: [],
  keepZeros: true,
  averaging: null,
  earlyStopping: null,
  augmentations: [],
  shards: 1,
  threads: 1,
}

/** The elements of the initializers, by name. */
export function weightsOf(model: Model): Record<string, Float32Array> {
  return Object.fromEntries(
    [...model.graph.initializers.values()].flatMap((value) => {
      const tensor = value.constant
      return tensor?.dtype === 'float32' ? [[value.name, floatValues(tensor)] as const] : []
    }),
  )
}

/** Share of the samples whose greatest output is that of their class. */
export async function accuracy(model: Model, samples: Samples, runtime: Runtime): Promise<number> {
  const session = await runtime.load(modelBytes(model), { threads: 1, optimization: 'basic' })
  const { labels, ...inputs } = await samples.batch(0, samples.count)
  const scores = (await session.run(inputs)).y?.data as Float32Array
  await session.release()
  const isRight = (label: number | bigint, sample: number): boolean => {
    const row = scores.subarray(sample * CLASSES, (sample + 1) * CLASSES)
    return row.indexOf(Math.max(...row)) === Number(label)
  }
  return [...(labels?.data ?? [])].filter(isRight).length / samples.count
}
