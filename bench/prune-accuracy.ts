// Accuracy after channel pruning without labels, with and without repair, by importance:
// `bench/prune-accuracy.ts <folder of .onnx> <folder of data> [share of MACs kept] [name…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { emptyData } from '#engine/evaluate/tensor-data'
import { pruneChannels } from '#engine/prune/prune-channels'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import type { LabelledSample } from './labelled-samples.ts'
import { LABELLED_SETS } from './labelled-samples.ts'

type Feeds = Readonly<Record<string, RuntimeTensor>>

const BATCH = 32
const CALIBRATION = 256
const TEST = 1000
const IMPORTANCES = ['magnitude', 'bn_scale', 'activation', 'random'] as const

const [models, data, share = '0.7', ...names] = process.argv.slice(2)
if (models === undefined || data === undefined) {
  throw new Error('usage: prune-accuracy <folder of .onnx> <folder of data> [share] [name…]')
}
const runtime = openRuntime()

function isOpen(model: Model): boolean {
  return model.graph.inputs.every(({ type }) => {
    return type?.kind === 'tensor' && typeof type.shape?.[0] !== 'number'
  })
}

function concatSamples(tensors: readonly RuntimeTensor[]): RuntimeTensor {
  const [first] = tensors
  if (first === undefined) throw new Error('no samples')
  const length = tensors.reduce((sum, tensor) => sum + tensor.data.length, 0)
  const data = emptyData(first.dtype, length)
  let at = 0
  for (const tensor of tensors) {
    data.set(tensor.data as never, at)
    at += tensor.data.length
  }
  const rows = tensors.reduce((sum, { dims }) => sum + (dims[0] ?? 1), 0)
  return { dtype: first.dtype, dims: [rows, ...first.dims.slice(1)], data }
}

function batched(samples: readonly LabelledSample[], size: number): Feeds[] {
  const batches: Feeds[] = []
  for (let start = 0; start < samples.length; start += size) {
    const part = samples.slice(start, start + size).map(({ feeds }) => feeds)
    const [first = {}] = part
    batches.push(
      Object.fromEntries(
        Object.keys(first).map((name) => {
          const tensors = part.flatMap((feeds) => feeds[name] ?? [])
          return [name, concatSamples(tensors)]
        }),
      ),
    )
  }
  return batches
}

async function accuracy(model: Model, samples: readonly LabelledSample[], size: number) {
  const session = await runtime.load(modelBytes(model), { threads: 1, optimization: 'all' })
  const output = session.outputs[0]?.name ?? ''
  let right = 0
  for (const [index, feeds] of batched(samples, size).entries()) {
    const data = Array.from((await session.run(feeds))[output]?.data ?? [], Number)
    const part = samples.slice(index * size, (index + 1) * size)
    const width = data.length / part.length
    for (const [row, { label }] of part.entries()) {
      const scores = data.slice(row * width, (row + 1) * width)
      if (scores.indexOf(Math.max(...scores)) === label) right += 1
    }
  }
  await session.release()
  return (100 * right) / samples.length
}

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
  const test = set.test.slice(0, TEST)
  console.log(
    `${file}: original ${(await accuracy(fresh(), test, size)).toFixed(1)} %, batches of ${size}`,
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
      const { model, details } = await pruneChannels(fresh(), options, feeds, runtime)
      const found = await accuracy(model, test, size)
      figures.push(
        `${repair ? 'repaired' : `MACs ${Number(details['macs_kept']).toFixed(2)}, plain`} ${found.toFixed(1)} %`,
      )
    }
    console.log(`  ${importance}: ${figures.join(', ')}`)
  }
}
