// Runs models on random input, for tests that compare a model with what was made of it.

import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'

export const runtime = openRuntime()

export type Feeds = Readonly<Record<string, RuntimeTensor>>

/** Mulberry32, normal by Box–Muller: the same numbers for the same seed. */
export function normalValues(count: number, seed: number): Float32Array {
  let state = seed >>> 0
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  return Float32Array.from({ length: count }, () => {
    return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  })
}

export function floatTensor(dims: readonly number[], seed: number): RuntimeTensor {
  const count = dims.reduce((product, dim) => product * dim, 1)
  return { dtype: 'float32', dims, data: normalValues(count, seed) }
}

/** A textual initializer `float[dims] name = {…}` with normal values times `scale`. */
export function floatConstant(
  name: string,
  dims: readonly number[],
  seed: number,
  scale = 1,
): string {
  const count = dims.reduce((product, dim) => product * dim, 1)
  const values = Array.from(normalValues(count, seed), (value) => (value * scale).toFixed(5))
  return `float[${dims.join(', ')}] ${name} = {${values.join(', ')}}`
}

export async function runModel(
  model: Model,
  feeds: Feeds,
  optimization: 'disabled' | 'all' = 'disabled',
): Promise<Readonly<Record<string, RuntimeTensor>>> {
  const session = await runtime.load(modelBytes(model, 'inline'), { threads: 1, optimization })
  try {
    return await session.run(feeds)
  } finally {
    await session.release()
  }
}

/** The largest |a − b| over all outputs, as a share of the largest |a|. */
export function relativeDifference(
  expected: Readonly<Record<string, RuntimeTensor>>,
  actual: Readonly<Record<string, RuntimeTensor>>,
): number {
  let worst = 0
  for (const [name, tensor] of Object.entries(expected)) {
    const other = actual[name]
    if (other === undefined || other.dims.join() !== tensor.dims.join()) return Infinity
    let scale = 1e-30
    let difference = 0
    tensor.data.forEach((value, index) => {
      scale = Math.max(scale, Math.abs(Number(value)))
      difference = Math.max(difference, Math.abs(Number(value) - Number(other.data[index])))
    })
    worst = Math.max(worst, difference / scale)
  }
  return worst
}

/** 10·log10(Σa² / Σ(a − b)²) in dB over all outputs; the second model runs fully optimized, as in use. */
export async function outputNoise(original: Model, made: Model, feeds: Feeds): Promise<number> {
  const [expected, actual] = [await runModel(original, feeds), await runModel(made, feeds, 'all')]
  let [signal, error] = [0, 0]
  for (const [name, tensor] of Object.entries(expected)) {
    tensor.data.forEach((value, index) => {
      signal += Number(value) ** 2
      error += (Number(value) - Number(actual[name]?.data[index])) ** 2
    })
  }
  return 10 * Math.log10(signal / error)
}
