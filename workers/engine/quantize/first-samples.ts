// The beginning of the calibration data, for measures that need few samples.

import type { Model } from '#src/onnx/ir/model'
import { countMacs } from '#src/onnx/macs/count-macs'
import { sliceSamples } from '../evaluate/tensor-data.ts'
import type { RuntimeTensor } from '../runtime/runtime.ts'
import type { FeedSource, Feeds } from './activation-statistics.ts'

/** How many samples so many multiply–accumulates allow; the same on every machine, unlike time. */
export function affordableSamples(
  model: Model,
  macs: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const affordable = Math.floor(macs / Math.max(1, countMacs(model) ?? Infinity))
  return Math.max(least, Math.min(most, affordable))
}

/** Whole batches of a model whose batch is fixed; of others no more samples than asked for. */
export async function firstSamples(
  model: Model,
  feeds: FeedSource,
  samples: number,
): Promise<Feeds[]> {
  const isOpen = model.graph.inputs.every(({ type, initializer }) => {
    if (initializer !== null) return true
    return type?.kind === 'tensor' && typeof type.shape?.[0] === 'string'
  })
  const batches: Feeds[] = []
  let taken = 0
  for await (const batch of feeds) {
    const sizes = Object.values(batch).map(({ dims }) => dims[0] ?? 1)
    const size = Math.max(...sizes)
    const keep = Math.min(size, samples - taken)
    const cut = (tensor: RuntimeTensor): RuntimeTensor => sliceSamples(tensor, 0, keep)
    const isCut = isOpen && sizes.every((other) => other === size) && keep < size
    batches.push(
      isCut
        ? Object.fromEntries(Object.entries(batch).map(([name, tensor]) => [name, cut(tensor)]))
        : batch,
    )
    taken += isCut ? keep : size
    if (taken >= samples) break
  }
  return batches
}
