// Whether a model that was put in another order answers as before, on random input.

import { isFloat } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import { tensorBytes } from '#src/onnx/tensor-values'
import { modelBytes } from '#src/onnx/write-model'
import type { Runtime, RuntimeTensor } from '../../runtime/runtime.ts'
import type { AxisTrace } from '../trace-axes.ts'
import { runnableFeeds } from '../verify-pruned.ts'

type Answers = Readonly<Record<string, RuntimeTensor>>

export interface SameAnswers {
  /** Of the model as it is now. */
  hold(): Promise<boolean>
}

/** Sums in another order differ by some last bits; a mistake differs by far more. */
const TOLERANCE = 1e-3

/** Running it copies the weights twice: of larger models what the tensors tell is enough. */
const MOST_BYTES = 64 * 2 ** 20

const BATCH = 2

/** Takes the answers of the model as it is. A model that runs on nothing that chance finds is not asked. */
export async function sameAnswers(
  { model, shapes }: AxisTrace,
  runtime: Runtime,
): Promise<SameAnswers> {
  const trusted: SameAnswers = { hold: () => Promise.resolve(true) }
  if (weightBytes(model) > MOST_BYTES) return trusted
  const feeds = await runnableFeeds(model, shapes.inputsAt(BATCH), runtime)
  if (feeds === 'none') return trusted
  const ask = async (): Promise<Answers> => {
    const options = { threads: 1, optimization: 'disabled' } as const
    const session = await runtime.load(modelBytes(model, 'inline'), options)
    try {
      return await session.run(feeds)
    } finally {
      await session.release()
    }
  }
  const before = await ask()
  return { hold: async () => areAlike(before, await ask()) }
}

function weightBytes({ graph }: Model): number {
  let bytes = 0
  for (const { constant } of graph.initializers.values()) {
    if (constant !== null && constant.dtype !== 'string') bytes += tensorBytes(constant).byteLength
  }
  return bytes
}

/** Rounding may carry a whole number over: a hundredth of them. */
function areAlike(before: Answers, after: Answers): boolean {
  return Object.entries(before).every(([name, { dtype, data }]) => {
    const other = after[name]?.data
    if (other?.length !== data.length) return false
    let [largest, difference, unequal] = [0, 0, 0]
    for (const [index, value] of data.entries()) {
      const [one, two] = [Number(value), Number(other[index])]
      if (Object.is(one, two) || one === two) continue
      unequal += 1
      difference = Math.max(difference, Math.abs(one - two))
      if (Number.isNaN(one) || Number.isNaN(two)) return false
      largest = Math.max(largest, Math.abs(one))
    }
    if (!isFloat(dtype)) return unequal <= data.length / 100
    for (const value of data) largest = Math.max(largest, Math.abs(Number(value)) || 0)
    return difference <= TOLERANCE * largest
  })
}
