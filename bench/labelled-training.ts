// Labelled samples as data for training, and the share of them that a model gets right.

import type { Samples } from '#engine/evaluate/judge'
import { emptyData } from '#engine/evaluate/tensor-data'
import type { Runtime, RuntimeTensor } from '#engine/runtime/runtime'
import type { LossTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import type { LabelledSample } from './labelled-samples.ts'

export function samplesOf(samples: readonly LabelledSample[]): Samples {
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

export async function accuracy(model: Model, samples: Samples, runtime: Runtime): Promise<number> {
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
  return right / samples.count
}

/** `alpha`: the teacher's share. */
export function termsOf(output: string, alpha: number): LossTerm[] {
  const hard = { kind: 'cross_entropy', output, target: 'labels', targetType: 'int64' } as const
  const soft = { kind: 'divergence', output, target: teacherTarget(output) } as const
  const terms: LossTerm[] = [
    { ...hard, weight: 1 - alpha, axis: -1, smoothing: 0 },
    { ...soft, targetType: 'float32', weight: alpha, axis: -1, temperature: 4 },
  ]
  return terms.filter(({ weight }) => weight > 0)
}
