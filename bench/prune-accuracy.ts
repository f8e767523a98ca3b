// Accuracy after channel pruning without labels, with and without repair, by importance:
// `bench/prune-accuracy.ts <folder of .onnx> <folder of data> [share of MACs kept] [name…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pruneChannels } from '#engine/prune/prune-channels'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { accuracy, batched, isOpen, ownAnswers, samplesOf } from './labelled-batches.ts'
import { LABELLED_SETS } from './labelled-samples.ts'

const BATCH = 32
const CALIBRATION = 256
const GRADIENTS = 128
const TEST = 1000
const IMPORTANCES = [
  'magnitude',
  'bn_scale',
  'activation',
  'gradient',
  'taylor',
  'fisher',
  'hessian',
  'obs',
  'random',
] as const

const [models, data, share = '0.7', ...names] = process.argv.slice(2)
if (models === undefined || data === undefined) {
  throw new Error('usage: prune-accuracy <folder of .onnx> <folder of data> [share] [name…]')
}
const runtime = openRuntime()

for (const file of readdirSync(models).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  const key = Object.keys(LABELLED_SETS).find((prefix) => file.startsWith(prefix))
  const load = key === undefined ? undefined : LABELLED_SETS[key]
  if (load === undefined) continue
  const set = load(data, models)
  const bytes = new Uint8Array(readFileSync(join(models, file)))
  const fresh = () => readModel(bufferRange(bytes))
  const size = isOpen(fresh()) ? BATCH : 1
  const calibration = batched(set.calibration.slice(0, CALIBRATION), size)
  const feeds = {
    async *[Symbol.asyncIterator]() {
      yield* calibration
    },
  }
  const gradients = {
    terms: ownAnswers(fresh()),
    samples: samplesOf(set.calibration.slice(0, GRADIENTS)),
    limit: GRADIENTS,
    threads: 1,
  }
  const test = set.test.slice(0, TEST)
  console.log(
    `${file}: original ${(await accuracy(fresh(), test, size, runtime)).toFixed(1)} %, batches of ${size}`,
  )
  for (const importance of IMPORTANCES) {
    const figures: string[] = []
    for (const repair of [false, true]) {
      const options = {
        importance,
        norm: 'l2',
        amount: { kind: 'max_macs', value: Number(share) },
        scope: { kind: 'layer' },
        limits: { minChannels: 1, channelMultiple: 1 },
        excludedLayers: [],
        normalizedAxes: 'auto',
        repair,
        seed: 1,
      } as const
      const { model, details } = await pruneChannels(fresh(), options, feeds, runtime, gradients)
      const found = await accuracy(model, test, size, runtime)
      figures.push(
        `${repair ? 'repaired' : `MACs ${Number(details['macs_kept']).toFixed(2)}, plain`} ${found.toFixed(1)} %`,
      )
    }
    console.log(`  ${importance}: ${figures.join(', ')}`)
  }
}
