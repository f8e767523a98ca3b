// What quantization costs after training and what quantization-aware training gets back, in 8 and in 4 bits, on models with data:
// `bench/quantize-aware.ts FOLDER_OF_ONNX FOLDER_OF_DATA [EPOCHS] [TRAINING_SAMPLES] [TEST_SAMPLES] [NAME…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { quantizationAware } from '#engine/quantize/qat/quantization-aware'
import { openRuntime } from '#engine/runtime/ort'
import type { LossTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import { trainModel } from '#engine/train/train-model'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { LABELLED_SETS } from './labelled-samples.ts'
import { accuracy, samplesOf } from './labelled-training.ts'

const [models, data, epochs = '3', training = '4000', testing = '2000', ...names] =
  process.argv.slice(2)
if (models === undefined || data === undefined) {
  throw new Error(
    'usage: quantize-aware FOLDER_OF_ONNX FOLDER_OF_DATA [EPOCHS] [TRAINING] [TEST] [NAME…]',
  )
}
const CALIBRATION = 128
const runtime = openRuntime()
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

/** Labels and the original's answers by halves, as the step does by default. */
function termsOf(output: string): LossTerm[] {
  const hard = { kind: 'cross_entropy', output, target: 'labels', targetType: 'int64' } as const
  const soft = { kind: 'divergence', output, target: teacherTarget(output) } as const
  return [
    { ...hard, weight: 0.5, axis: -1, smoothing: 0 },
    { ...soft, targetType: 'float32', weight: 0.5, axis: -1, temperature: 4 },
  ]
}

const PLAIN = { equalize: false, smoothQuant: false, biasCorrection: false }

for (const file of readdirSync(models).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  const key = Object.keys(LABELLED_SETS).find((prefix) => file.startsWith(prefix))
  const load = key === undefined ? undefined : LABELLED_SETS[key]
  if (load === undefined) continue
  const set = load(data, models, Number(training))
  const bytes = new Uint8Array(readFileSync(join(models, file)))
  const fresh = () => readModel(bufferRange(bytes))
  const [train, test] = [samplesOf(set.calibration), samplesOf(set.test.slice(0, Number(testing)))]
  const feeds = set.calibration.slice(0, CALIBRATION).map((sample) => sample.feeds)
  const candidate = async (repairs: object) => {
    const options = { ...STATIC_DEFAULTS, ...repairs, placements: ['all-but-first'] } as const
    const made = await staticCandidates(fresh(), options, feeds, runtime)
    return { float: made.float, quantized: made.candidates[0]?.model ?? made.float }
  }
  const original = await accuracy(fresh(), test, runtime)
  const repaired = await candidate({})
  console.log(
    `${file}: original ${percent(original)}; ${train.count} training samples, ${test.count} test samples`,
  )
  console.log(
    `  int8 after training, with all repairs: ${percent(await accuracy(repaired.quantized, test, runtime))}`,
  )
  const { float, quantized } = await candidate(PLAIN)
  for (const weightBits of [8, 4] as const) {
    const qat = quantizationAware(float, quantized, { weightBits, learnSteps: true })
    const before = await accuracy(qat.quantized(), test, runtime)
    const start = process.cpuUsage()
    const options = {
      epochs: Number(epochs),
      batchSize: 50,
      optimizer: { type: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
      learningRate: 1e-4,
      schedule: { kind: 'cosine', warmUp: 5 },
      seed: 0,
      clipNorm: 1,
      batchNorm: 'frozen',
      frozenLayers: qat.frozen,
      stepSizes: qat.stepSizes,
      keepZeros: true,
      averaging: null,
      earlyStopping: null,
      augmentations: [],
      shards: 1,
      threads: 1,
    } as const
    const terms = termsOf(qat.student.graph.outputs[0]?.name ?? '')
    const task = { terms, teacher: fresh(), samples: train, options }
    await trainModel(qat.student, task, runtime)
    const after = await accuracy(qat.quantized(), test, runtime)
    const { user, system } = process.cpuUsage(start)
    const lost = original - before
    const back =
      lost > 0 ? `${percent((after - before) / lost)} of what was lost` : 'nothing was lost'
    console.log(
      `  int${weightBits} after training ${percent(before)}, trained aware for ${epochs} epochs ${percent(after)}: ${back} (${((user + system) / 1e6).toFixed(0)} s of processor time)`,
    )
  }
}
