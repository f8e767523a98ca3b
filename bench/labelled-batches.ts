// Labelled samples in batches, and how many of them a model gets right.

import { emptyData } from '#engine/evaluate/tensor-data'
import type { Samples } from '#engine/evaluate/judge'
import type { LossTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import type { Runtime, RuntimeTensor } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import type { LabelledSample } from './labelled-samples.ts'

type Feeds = Readonly<Record<string, RuntimeTensor>>

/** Takes batches of any size. */
export function isOpen(model: Model): boolean {
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

export function batched(samples: readonly LabelledSample[], size: number): Feeds[] {
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

/** Top-1, in percent. */
export async function accuracy(
  model: Model,
  samples: readonly LabelledSample[],
  size: number,
  runtime: Runtime,
): Promise<number> {
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

/** The root of Σ(a − b)² ÷ Σa² over all outputs. */
export async function outputError(
  [original, made]: readonly [Model, Model],
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<number> {
  const load = (model: Model) =>
    runtime.load(modelBytes(model), { threads: 1, optimization: 'all' })
  const [one, other] = [await load(original), await load(made)]
  let [signal, noise] = [0, 0]
  for (const feeds of batches) {
    const [expected, actual] = [await one.run(feeds), await other.run(feeds)]
    for (const [name, { data }] of Object.entries(expected)) {
      const found = actual[name]?.data ?? []
      for (let at = 0; at < data.length; at += 1) {
        signal += Number(data[at]) ** 2
        noise += (Number(data[at]) - Number(found[at])) ** 2
      }
    }
  }
  await one.release()
  await other.release()
  return Math.sqrt(noise / signal)
}

export function samplesOf(samples: readonly LabelledSample[]): Samples {
  return {
    count: samples.length,
    batch: (start, end) =>
      Promise.resolve(batched(samples.slice(start, end), end - start)[0] ?? {}),
  }
}

/** What a model is compared with without labels: its own classes. */
export function ownAnswers({ graph }: Model): LossTerm[] {
  const output = graph.outputs[0]?.name ?? ''
  const target = { output, target: teacherTarget(output), targetType: 'float32' } as const
  return [{ kind: 'divergence', ...target, weight: 1, axis: -1, temperature: 1 }]
}
