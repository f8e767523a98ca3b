// A network with one hidden layer and data with labels, for what follows its gradients.

import type { GradientTask } from '#engine/train/gradient-batches'
import { teacherTarget } from '#engine/train/teacher'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import type { Feeds } from './model-runs.ts'
import { floatTensor } from './model-runs.ts'

export const HIDDEN = 8
export const SAMPLES = 64

export function network(): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 18]> g (float[B, 6] x) => (float[B, 3] y) <
      float[6, ${HIDDEN}] w = random(1, 0.7), float[${HIDDEN}] b = random(2, 0.3),
      float[${HIDDEN}, 3] v = random(3, 0.9), float[3] c = random(4, 0.1)
    > { h = Gemm(x, w, b) r = Relu(h) y = Gemm(r, v, c) }`)
}

export const FIELDS = {
  x: floatTensor([SAMPLES, 6], 5),
  t: {
    dtype: 'int64',
    dims: [SAMPLES],
    data: BigInt64Array.from({ length: SAMPLES }, (_, i) => BigInt(i % 3)),
  },
} as const

export const LABELLED: GradientTask['terms'] = [
  {
    kind: 'cross_entropy',
    output: 'y',
    target: 't',
    targetType: 'int64',
    weight: 1,
    axis: -1,
    smoothing: 0,
  },
]
export const OWN: GradientTask['terms'] = [
  {
    kind: 'divergence',
    output: 'y',
    target: teacherTarget('y'),
    targetType: 'float32',
    weight: 1,
    axis: -1,
    temperature: 1,
  },
]

export function taskOf(terms: GradientTask['terms']): GradientTask {
  const batch = (start: number, end: number) =>
    Promise.resolve({
      x: {
        ...FIELDS.x,
        dims: [end - start, 6],
        data: (FIELDS.x.data as Float32Array).slice(start * 6, end * 6),
      },
      t: { ...FIELDS.t, dims: [end - start], data: FIELDS.t.data.slice(start, end) },
    })
  return { terms, samples: { count: SAMPLES, batch }, limit: SAMPLES, threads: 1 }
}

export const FEEDS = {
  async *[Symbol.asyncIterator]() {
    yield { x: FIELDS.x } as Feeds
  },
}
