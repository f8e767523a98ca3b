// Static quantization with its defaults of a text detector (mask IoU with float) and of an object detector (mAP against the boxes):
// `bench/int8-detectors.ts <shared folder> [ppocr_v4_det | yolox_nano]`; build first.

import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Samples } from '#engine/evaluate/judge'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { maskOverlap } from './int8-speed/mask-overlap.ts'
import { meanAveragePrecision } from './int8-speed/mean-average-precision.ts'
import { quantizeByDefaults } from './int8-speed/quantize-by-defaults.ts'
import { speedsOf } from './int8-speed/speeds-of.ts'
import { cocoBoxes } from './real-models/datasets/coco-pictures.ts'
import { textPages } from './real-models/datasets/text-pages.ts'

const PAGES = 40
const CALIBRATION = 24

const [shared, only] = process.argv.slice(2)
if (shared === undefined) throw new Error('usage: int8-detectors <shared folder> [model]')
const runtime = openRuntime()

function part(samples: Samples, first: number, count: number): Samples {
  return { count, batch: (start, end) => samples.batch(first + start, first + end) }
}

interface Judged {
  readonly samples: Samples
  readonly evaluation: object
  readonly judge: (models: readonly Uint8Array[], samples: Samples) => Promise<string>
}

async function measure(name: string, { samples, evaluation, judge }: Judged): Promise<void> {
  const bytes = new Uint8Array(readFileSync(join(shared ?? '', 'models', `${name}.onnx`)))
  const rest = part(samples, CALIBRATION, samples.count - CALIBRATION)
  const data = { calibration: part(samples, 0, CALIBRATION), evaluation: rest }
  const start = performance.now()
  const model = readModel(bufferRange(bytes))
  const { model: made, details } = await quantizeByDefaults(model, data, runtime, evaluation)
  const seconds = (performance.now() - start) / 1000
  const own = modelBytes(made)
  writeFileSync(join(tmpdir(), `${name}.int8.onnx`), own)
  const session = await runtime.load(bytes, { threads: 1, optimization: 'all' })
  const fields = await rest.batch(0, 1)
  const feeds = Object.fromEntries(session.inputs.map((input) => [input.name, fields[input.name]!]))
  await session.release()
  const speeds: (readonly (number | null)[])[] = []
  for (const threads of [1, 2]) {
    speeds.push(await speedsOf(runtime, [bytes, own], feeds, threads))
  }
  const [one, two] = speeds.map((row) => row[1]?.toFixed(2))
  const ratio = (bytes.length / own.length).toFixed(2)
  const { placement, integer_nodes: integers } = details
  console.log(
    `${name}: ${String(placement)}, ${String(integers)} integer nodes; ${ratio} × smaller, ${one} and ${two} × as fast at 1 and 2 threads, ${await judge([bytes, own], rest)}; quantized in ${seconds.toFixed(0)} s`,
  )
}

const MODELS: Readonly<Record<string, () => Promise<Judged>>> = {
  ppocr_v4_det: async () => ({
    samples: await textPages(shared, PAGES),
    evaluation: {},
    judge: (models, samples) => maskOverlap(runtime, models, samples),
  }),
  yolox_nano: () =>
    Promise.resolve({
      samples: cocoBoxes(shared, 'images'),
      evaluation: {
        task: 'detection',
        metric: 'map',
        decoder: 'yolox',
        labels: 'boxes',
      },
      judge: (models, samples) => meanAveragePrecision(runtime, models, samples),
    }),
}

for (const [name, judged] of Object.entries(MODELS)) {
  if (only === undefined || only === name) await measure(name, await judged())
}
