// Output error and accuracy at 50 % zeros and at 2:4, by SparseGPT, by Wanda and by magnitude:
// `bench/prune-sparse.ts [--samples=256] <folder of .onnx> <folder of data> [name…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { nmMask } from '#engine/prune/n-m-mask'
import { obsMasks } from '#engine/prune/obs/obs-masks'
import { unstructuredMask } from '#engine/prune/unstructured-mask'
import { maskWeights } from '#engine/prune/weight-masks'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { accuracy, batched, isOpen, outputError } from './labelled-batches.ts'
import { LABELLED_SETS } from './labelled-samples.ts'

const BATCH = 32
const TEST = 500
const SAMPLES = /^--samples=(\d+)$/
const words = process.argv.slice(2)
const samples = Number(words.flatMap((word) => SAMPLES.exec(word)?.[1] ?? [])[0] ?? 256)
const [models, data, ...names] = words.filter((word) => !SAMPLES.test(word))
if (models === undefined || data === undefined) {
  throw new Error('usage: prune-sparse <folder of .onnx> <folder of data> [name…]')
}
const runtime = openRuntime()
const HALF = { kind: 'sparsity', value: 0.5 } as const
const SHAPES = {
  '50 %': {
    mask: unstructuredMask({ kind: 'layer' }, HALF),
    rule: { kind: 'unstructured', scope: { kind: 'layer' }, amount: HALF },
  },
  '2:4': { mask: nmMask(2, 4), rule: { kind: 'n_m', n: 2, m: 4 } },
} as const

for (const file of readdirSync(models).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  const key = Object.keys(LABELLED_SETS).find((prefix) => file.startsWith(prefix))
  const load = key === undefined ? undefined : LABELLED_SETS[key]
  if (load === undefined) continue
  const set = load(data, models, samples)
  const bytes = new Uint8Array(readFileSync(join(models, file)))
  const fresh = () => readModel(bufferRange(bytes))
  const size = isOpen(fresh()) ? BATCH : 1
  const calibration = batched(set.calibration.slice(0, samples), size)
  const feeds = {
    async *[Symbol.asyncIterator]() {
      yield* calibration
    },
  }
  const test = set.test.slice(0, TEST)
  const whole = await accuracy(fresh(), test, size, runtime)
  console.log(`${file}: original ${whole.toFixed(1)} %`)
  for (const [shape, { mask, rule }] of Object.entries(SHAPES)) {
    const errors: number[] = []
    for (const importance of ['magnitude', 'activation', 'obs'] as const) {
      const options = { rule: 'prune', excludedLayers: [], feeds }
      const start = process.cpuUsage()
      const { model } =
        importance === 'obs'
          ? await obsMasks(fresh(), rule, { ...options, fallback: mask }, runtime)
          : await maskWeights(
              fresh(),
              mask,
              { ...options, importance, seed: 0, gradients: 'none' },
              runtime,
            )
      const seconds = process.cpuUsage(start).user / 1e6
      const error = await outputError([fresh(), model], batched(test, size), runtime)
      const found = await accuracy(model, test, size, runtime)
      errors.push(error)
      const ratio = error / (errors[0] ?? 1)
      console.log(
        `  ${shape} by ${importance}: output error ${error.toFixed(3)} (${ratio.toFixed(2)} × magnitude), top-1 ${found.toFixed(1)} %, ${seconds.toFixed(1)} s`,
      )
    }
  }
}
