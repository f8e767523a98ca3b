// Random samples of a model's inputs, stacked along the first axis.

import type { Samples } from '#engine/evaluate/judge'
import { sliceSamples } from '#engine/evaluate/tensor-data'
import type { RuntimeTensor, RuntimeValueInfo } from '#engine/runtime/runtime'
import { randomFeeds } from '../random-feeds.ts'

export interface RandomSamples extends Samples {
  readonly fields: Readonly<Record<string, RuntimeTensor>>
}

export function randomSamples(inputs: readonly RuntimeValueInfo[], count: number): RandomSamples {
  const stacked = inputs.map((input) => ({ ...input, shape: [count, ...sampleShape(input)] }))
  const fields = randomFeeds(stacked, 1)
  return {
    count,
    fields,
    batch: (start, end) => {
      const parts = Object.entries(fields).map(([name, tensor]) => {
        return [name, sliceSamples(tensor, start, end)] as const
      })
      return Promise.resolve(Object.fromEntries(parts))
    },
  }
}

/** Sizes that are open, other than the batch, as in a short text. */
function sampleShape({ shape }: RuntimeValueInfo): number[] {
  return (shape ?? []).slice(1).map((dim) => (typeof dim === 'number' ? dim : 32))
}
