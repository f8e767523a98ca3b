// Accuracy of students made of a trained network (narrower, shallower), trained with and without their teacher, by seed:
// `bench/student-accuracy.ts <folder of .onnx> <folder of data> <name> [width] [depth] [epochs] [seeds] [training samples]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeStudent } from '#engine/distill/make-student'
import { openRuntime } from '#engine/runtime/ort'
import { trainModel } from '#engine/train/train-model'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { LABELLED_SETS } from './labelled-samples.ts'
import { accuracy, samplesOf, termsOf } from './labelled-training.ts'

const TEST = 6000
const [models, data, name = '', width = '0.5', depth = '1', epochs = '10', seeds = '3', count] =
  process.argv.slice(2)
const file =
  models === undefined ? undefined : readdirSync(models).find((one) => one.startsWith(name))
const key = Object.keys(LABELLED_SETS).find((prefix) => file?.startsWith(prefix))
const load = key === undefined ? undefined : LABELLED_SETS[key]
if (models === undefined || data === undefined || file === undefined || load === undefined) {
  throw new Error('usage: student-accuracy <folder of .onnx> <folder of data> <name> …')
}
const runtime = openRuntime()
const set = load(data, models, Number(count ?? 4000))
const [train, test] = [samplesOf(set.calibration), samplesOf(set.test.slice(0, TEST))]
const bytes = new Uint8Array(readFileSync(join(models, file)))
const teacher = () => readModel(bufferRange(bytes))

async function student(): Promise<Model> {
  const model = teacher()
  const size = { width: Number(width), depth: Number(depth) }
  const { details } = await makeStudent(model, size, 'none', runtime)
  if (details['removed'] === 0 && details['dropped'] === 0) throw new Error('no student')
  return model
}

const percent = (value: number): string => (100 * value).toFixed(2)
console.log(
  `${file}: teacher ${percent(await accuracy(teacher(), test, runtime))} % of ${test.count}, ${train.count} training samples, student of width ${width} and depth ${depth}`,
)
console.log(`  before training ${percent(await accuracy(await student(), test, runtime))} %`)
for (const [kind, alpha] of [
  ['labels', 0],
  ['labels and teacher', 0.9],
  ['teacher, no labels', 1],
] as const) {
  const found: number[] = []
  for (let seed = 0; seed < Number(seeds); seed += 1) {
    const model = await student()
    await trainModel(
      model,
      {
        terms: termsOf(model.graph.outputs[0]?.name ?? '', alpha),
        teacher: alpha === 0 ? null : teacher(),
        samples: train,
        options: {
          epochs: Number(epochs),
          batchSize: 50,
          optimizer: { type: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
          learningRate: 2e-3,
          schedule: { kind: 'cosine', warmUp: 5 },
          seed,
          clipNorm: 1,
          batchNorm: 'train',
          frozenLayers: [],
          keepZeros: false,
          averaging: null,
          earlyStopping: null,
          augmentations: ['flip', 'shift'],
          shards: 1,
          threads: 1,
        },
      },
      runtime,
    )
    found.push(await accuracy(model, test, runtime))
  }
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length
  console.log(`  ${kind}: mean ${percent(mean)} % (seeds: ${found.map(percent).join(', ')})`)
}
