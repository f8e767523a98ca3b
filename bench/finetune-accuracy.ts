// Accuracy after channel pruning and some epochs of training, on labels, on the original's answers, and on both:
// `bench/finetune-accuracy.ts <folder of .onnx> <folder of data> [share of MACs kept] [epochs] [name…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Samples } from '#engine/evaluate/judge'
import { emptyData } from '#engine/evaluate/tensor-data'
import { pruneChannels } from '#engine/prune/prune-channels'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { LossTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import { trainModel } from '#engine/train/train-model'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import type { LabelledSample } from './labelled-samples.ts'
import { LABELLED_SETS } from './labelled-samples.ts'

const TEST = 1500
const TRAINING = 4000
const [models, data, share = '0.5', epochs = '3', ...names] = process.argv.slice(2)
if (models === undefined || data === undefined) {
  throw new Error(
    'usage: finetune-accuracy <folder of .onnx> <folder of data> [share] [epochs] [name…]',
  )
}
const runtime = openRuntime()

function samplesOf(samples: readonly LabelledSample[]): Samples {
  const join_ = (tensors: readonly RuntimeTensor[]): RuntimeTensor => {
    const [first] = tensors
    if (first === undefined) throw new Error('no samples')
    const size = first.data.length
    const joined = emptyData(first.dtype, size * tensors.length)
    for (const [row, tensor] of tensors.entries()) joined.set(tensor.data as never, row * size)
    return { dtype: first.dtype, dims: [tensors.length, ...first.dims.slice(1)], data: joined }
  }
  return {
    count: samples.length,
    batch: (start, end) => {
      const part = samples.slice(start, end)
      const [first] = part
      const inputs = Object.keys(first?.feeds ?? {}).map((name) => {
        return [name, join_(part.flatMap(({ feeds }) => feeds[name] ?? []))] as const
      })
      const labels = BigInt64Array.from(part, ({ label }) => BigInt(label))
      const field: RuntimeTensor = { dtype: 'int64', dims: [part.length], data: labels }
      return Promise.resolve({ ...Object.fromEntries(inputs), labels: field })
    },
  }
}

async function accuracy(model: Model, samples: Samples): Promise<string> {
  const session = await runtime.load(modelBytes(model), { threads: 1, optimization: 'all' })
  const output = session.outputs[0]?.name ?? ''
  let right = 0
  for (let start = 0; start < samples.count; start += 50) {
    const { labels, ...inputs } = await samples.batch(start, Math.min(samples.count, start + 50))
    const scores = Array.from((await session.run(inputs))[output]?.data ?? [], Number)
    const width = scores.length / (labels?.data.length ?? 1)
    for (const [row, label] of [...(labels?.data ?? [])].entries()) {
      const own = scores.slice(row * width, (row + 1) * width)
      if (own.indexOf(Math.max(...own)) === Number(label)) right += 1
    }
  }
  await session.release()
  return `${((100 * right) / samples.count).toFixed(1)} %`
}

function termsOf(output: string, alpha: number): LossTerm[] {
  const hard = { kind: 'cross_entropy', output, target: 'labels', targetType: 'int64' } as const
  const soft = { kind: 'divergence', output, target: teacherTarget(output) } as const
  const terms: LossTerm[] = [
    { ...hard, weight: 1 - alpha, axis: -1, smoothing: 0 },
    { ...soft, targetType: 'float32', weight: alpha, axis: -1, temperature: 4 },
  ]
  return terms.filter(({ weight }) => weight > 0)
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
