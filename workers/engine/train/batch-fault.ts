// Whether a model gives for several samples at once what it gives for each: the one proof that samples do not mix.

import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import { emptyData, numbersOf } from '../evaluate/tensor-data.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { RuntimeRejection } from '../runtime/runtime.ts'
import { uniform } from './sample-order.ts'

type Fields = Readonly<Record<string, RuntimeTensor>>

/** Of the greatest number that an output has. */
const TOLERANCE = 1e-3
const RUNS = 2

/** `freed` against `fixed`, which takes `batch` samples at a time. `null`: it does. */
export async function batchFault(
  fixed: Model,
  freed: Model,
  batch: number,
  runtime: Runtime,
): Promise<string | null> {
  try {
    const parts = Array.from({ length: RUNS }, (_, seed) => chanceFeeds(fixed, seed))
    const apart = await outputsOf(fixed, parts, runtime)
    const [together = {}] = await outputsOf(freed, [joined(parts)], runtime)
    return differing(joined(apart), together)
  } catch (error) {
    if (error instanceof RuntimeRejection) {
      return `the runtime does not run it on ${RUNS * batch} samples`
    }
    throw error
  }
}

async function outputsOf(
  model: Model,
  runs: readonly Fields[],
  runtime: Runtime,
): Promise<Fields[]> {
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads: 1,
    optimization: 'basic',
    memoryArena: false,
  })
  try {
    const results: Fields[] = []
    for (const feeds of runs) results.push(await session.run(feeds))
    return results
  } finally {
    await session.release()
  }
}

/** Numbers in [−1, 1); of integers 0 and 1, which are indices of any table, 1 at first, for what counts them. */
function chanceFeeds({ graph }: Model, seed: number): Fields {
  const next = uniform(seed)
  const entries = graph.inputs.flatMap(({ name, type, initializer }) => {
    if (initializer !== null || type?.kind !== 'tensor' || type.dtype === 'none') return []
    const dims = (type.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 1))
    const length = dims.reduce((total, dim) => total * dim, 1)
    const data = emptyData(type.dtype, length)
    for (let index = 0; index < length; index += 1) {
      const chance = next()
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
        data[index] = index === 0 || chance < 0.5 ? 1n : 0n
      } else if (data instanceof Float32Array || data instanceof Float64Array) {
        data[index] = 2 * chance - 1
      } else {
        data[index] = index === 0 || chance < 0.5 ? 1 : 0
      }
    }
    return [[name, { dtype: type.dtype, dims, data }] as const]
  })
  return Object.fromEntries(entries)
}

function joined(parts: readonly Fields[]): Fields {
  const [first = {}] = parts
  const entries = Object.entries(first).map(([name, { dtype, dims, data }]) => {
    const all = emptyData(dtype, data.length * parts.length)
    for (const [index, part] of parts.entries()) {
      const own = part[name]?.data ?? data
      ;(all as Float32Array).set(own as Float32Array, index * data.length)
    }
    const [samples = 1, ...rest] = dims
    return [name, { dtype, dims: [samples * parts.length, ...rest], data: all }] as const
  })
  return Object.fromEntries(entries)
}

function differing(apart: Fields, together: Fields): string | null {
  for (const [name, one] of Object.entries(apart)) {
    const other = together[name]
    if (other === undefined) return `output '${name}' is missing`
    const [expected, found] = [Array.from(numbersOf(one)), Array.from(numbersOf(other))]
    const scale = expected.reduce((most, number) => Math.max(most, Math.abs(number) || 0), 1e-6)
    const isSame = (number: number, index: number): boolean => {
      const own = found[index] ?? NaN
      return Number.isNaN(number) ? Number.isNaN(own) : Math.abs(number - own) <= TOLERANCE * scale
    }
    if (expected.length !== found.length || !expected.every(isSame)) {
      return `for several samples at once, output '${name}' is not what it is for each`
    }
  }
  return null
}
