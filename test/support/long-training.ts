// A training of some seconds: long enough to be broken off in mid-epoch, and the same to the last bit each time.

import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { toyDataset } from './toy-model.ts'

const SAMPLES = 4096

/** A student for `toyModel`, with weights of its own. */
export function toyStudent(): Uint8Array {
  return modelBytes(
    parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    student (float[batch, 3, 8, 8] x) => (float[batch, 4] y)
    < float[8, 3, 3, 3] w1 = random(11, 0.3), float[8] b1 = random(12, 0.1), float[512, 4] w2 = random(13, 0.1) >
    { c = Conv <pads = [1, 1, 1, 1]> (x, w1, b1)
      r = Relu (c)
      f = Flatten (r)
      y = MatMul (f, w2) }`),
  )
}

export function trainingDataset(): Uint8Array {
  return toyDataset(SAMPLES)
}

/** Of a model `toyModel`; `runs` makes another job of it that trains the same. `shards`: parts of a batch, side by side. */
export function longTraining(
  ids: { readonly model: string; readonly student: string; readonly dataset: string },
  {
    epochs,
    runs,
    shards = 1,
  }: { readonly epochs: number; readonly runs: number; readonly shards?: number },
) {
  return {
    model: ids.model,
    steps: [
      {
        type: 'distill' as const,
        student: ids.student,
        training: { epochs, batch_size: 4, threads: shards, shards, averaging: 0.99 },
      },
    ],
    datasets: { train: ids.dataset },
    evaluation: { task: 'none' as const, latency: { runs } },
  }
}
