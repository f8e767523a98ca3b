// Accuracy after channel pruning and some epochs of training, on labels, on the original's answers, and on both:
// `bench/finetune-accuracy.ts <folder of .onnx> <folder of data> [share of MACs kept] [epochs] [name…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Samples } from '#engine/evaluate/judge'
import { pruneChannels } from '#engine/prune/prune-channels'
import { openRuntime } from '#engine/runtime/ort'
import { trainModel } from '#engine/train/train-model'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { LABELLED_SETS } from './labelled-samples.ts'
import { accuracy as shareRight, samplesOf, termsOf } from './labelled-training.ts'

const TEST = 1500
const TRAINING = 4000
const [models, data, share = '0.5', epochs = '3', ...names] = process.argv.slice(2)
if (models === undefined || data === undefined) {
  throw new Error(
    'usage: finetune-accuracy <folder of .onnx> <folder of data> [share] [epochs] [name…]',
  )
}
const runtime = openRuntime()

async function accuracy(model: Model, samples: Samples): Promise<string> {
  return `${(100 * (await shareRight(model, samples, runtime))).toFixed(1)} %`
}

for (const file of readdirSync(models).filter((name) => name.endsWith('.onnx'))) {
  if (!names.some((name) => file.startsWith(name))) continue
  const key = Object.keys(LABELLED_SETS).find((prefix) => file.startsWith(prefix))
  const load = key === undefined ? undefined : LABELLED_SETS[key]
  if (load === undefined) continue
  const set = load(data, models, TRAINING)
  const bytes = new Uint8Array(readFileSync(join(models, file)))
  const fresh = () => readModel(bufferRange(bytes))
  const train = samplesOf(set.calibration)
  const test = samplesOf(set.test.slice(0, TEST))
  const prune = async (): Promise<Model> => {
    const options = {
      importance: 'magnitude',
      norm: 'l2',
      amount: { kind: 'max_macs', value: Number(share) },
      scope: { kind: 'layer' },
      limits: { minChannels: 1, channelMultiple: 1 },
      excludedLayers: [],
      normalizedAxes: 'auto',
      repair: false,
      seed: 1,
    } as const
    return (await pruneChannels(fresh(), options, 'none', runtime)).model
  }
  console.log(`${file}: original ${await accuracy(fresh(), test)}, ${train.count} training samples`)
  console.log(`  pruned to ${share} of the MACs: ${await accuracy(await prune(), test)}`)
  for (const [name, alpha] of [
    ['labels', 0],
    ['both', 0.7],
    ['teacher alone', 1],
  ] as const) {
    const model = await prune()
    const start = performance.now()
    await trainModel(
      model,
      {
        terms: termsOf(model.graph.outputs[0]?.name ?? '', alpha),
        teacher: alpha === 0 ? null : fresh(),
        samples: train,
        options: {
          epochs: Number(epochs),
          batchSize: 50,
          optimizer: { type: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
          learningRate: 2e-3,
          schedule: { kind: 'cosine', warmUp: 5 },
          seed: 0,
          clipNorm: 1,
          batchNorm: 'train',
          frozenLayers: [],
          keepZeros: true,
          averaging: null,
          earlyStopping: null,
          augmentations: [],
          threads: 1,
        },
      },
      runtime,
    )
    const seconds = ((performance.now() - start) / 1000).toFixed(0)
    console.log(`  ${epochs} epochs on ${name}: ${await accuracy(model, test)} (${seconds} s)`)
  }
}
