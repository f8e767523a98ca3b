// How far the outputs of one model are from those of another.

import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import type { Feeds } from './activation-statistics.ts'

export type Outputs = Readonly<Record<string, RuntimeTensor>>

export interface OutputError {
  /** Σ (y − ŷ)² ÷ Σ y². */
  readonly noise: number
  /** Likewise, each element's mean error over the samples left out: it is what bias correction takes away. */
  readonly centred: number
  /** Largest |y − ŷ| ÷ largest |y|. */
  readonly largest: number
}

export async function runAll(
  model: Model,
  batches: readonly Feeds[],
  runtime: Runtime,
  threads: number,
): Promise<Outputs[]> {
  const options = { threads, optimization: 'all', memoryPattern: false } as const
  const session = await runtime.load(modelBytes(model, 'inline'), options)
  try {
    const outputs: Outputs[] = []
    for (const batch of batches) outputs.push(await session.run(batch))
    return outputs
  } finally {
    await session.release()
  }
}

/** Mean over all floating-point outputs. Infinite values, as masks write them, carry no signal. */
export function outputError(wanted: readonly Outputs[], actual: readonly Outputs[]): OutputError {
  const names = Object.keys(wanted[0] ?? {}).filter((name) =>
    wanted[0]?.[name]?.dtype.startsWith('float'),
  )
  const errors = names.map((name) =>
    errorOf(
      wanted.map((outputs) => outputs[name]),
      actual.map((outputs) => outputs[name]),
    ),
  )
  const mean = (of: (error: OutputError) => number): number =>
    errors.reduce((sum, error) => sum + of(error), 0) / Math.max(1, errors.length)
  return {
    noise: mean(({ noise }) => noise),
    centred: mean(({ centred }) => centred),
    largest: errors.reduce((most, { largest }) => Math.max(most, largest), 0),
  }
}

type MaybeTensor = RuntimeTensor | undefined

function errorOf(wanted: readonly MaybeTensor[], actual: readonly MaybeTensor[]): OutputError {
  const width = (wanted[0]?.data.length ?? 0) / (wanted[0]?.dims[0] ?? 1)
  const means = new Float64Array(Number.isInteger(width) ? width : 0)
  let [signal, noise, samples, most, difference] = [0, 0, 0, 0, 0]
  wanted.forEach((tensor, batch) => {
    const other = actual[batch]
    const length = tensor?.data.length ?? 0
    for (let index = 0; index < length; index += 1) {
      const value = Number(tensor?.data[index])
      const error = Number(other?.data[index]) - value
      if (!Number.isFinite(value) || Number.isNaN(error)) continue
      signal += value * value
      noise += error * error
      most = Math.max(most, Math.abs(value))
      difference = Math.max(difference, Math.abs(error))
      means[index % means.length] = (means[index % means.length] ?? 0) + error
    }
    samples += tensor?.dims[0] ?? 1
  })
  const taken = means.reduce((sum, mean) => sum + (mean * mean) / Math.max(1, samples), 0)
  const scale = Math.max(signal, Number.MIN_VALUE)
  return {
    noise: noise / scale,
    centred: Math.max(0, noise - taken) / scale,
    largest: difference / Math.max(most, Number.MIN_VALUE),
  }
}
