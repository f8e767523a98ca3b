// Scores the float32 models on all of their data and compares with the documented figures: `bench/real-models-fp32.ts <shared folder> [model…]`.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import { sampleCount } from './real-models/datasets/labelled-data.ts'
import { OTHER_CASES } from './real-models/other-cases.ts'
import { PICTURE_CASES } from './real-models/picture-cases.ts'
import { scoreModel } from './real-models/score-model.ts'

const [folder, ...names] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: real-models-fp32 <shared folder> [model…]')
const runtime = openRuntime()
for (const modelCase of [...PICTURE_CASES, ...OTHER_CASES]) {
  const { model, metric, documented } = modelCase
  if (names.length > 0 && !names.includes(model)) continue
  const { evaluation, calibration } = await modelCase.load(folder, 10_000)
  const bytes = new Uint8Array(readFileSync(join(folder, 'models', `${model}.onnx`)))
  const score = await scoreModel(runtime, bytes, evaluation, metric)
  console.log(
    `${model}: ${metric} ${score.toFixed(4)} on ${sampleCount(evaluation)} samples, documented ${documented}; ${sampleCount(calibration)} samples calibrate`,
  )
}
