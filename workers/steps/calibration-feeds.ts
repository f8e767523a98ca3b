// Calibration samples as inputs of the model, batch by batch.

import type { Samples } from '#engine/evaluate/judge'
import { batchingOf } from '#engine/evaluate/batching'
import type { RuntimeTensor, RuntimeValueInfo } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'

type Feeds = Readonly<Record<string, RuntimeTensor>>

/**
 * The first `limit` samples, as often as they are gone through; a model of a fixed batch size sees whole batches only, some
 * samples twice.
 */
export function calibrationFeeds(
  model: Model,
  samples: Samples,
  limit: number,
): AsyncIterable<Feeds> {
  return { [Symbol.asyncIterator]: () => batches(model, samples, limit) }
}

async function* batches(model: Model, samples: Samples, limit: number): AsyncGenerator<Feeds> {
  const inputs = model.graph.inputs.filter((value) => value.initializer === null)
  const pick = (fields: Feeds): Feeds =>
    Object.fromEntries(
      inputs.flatMap(({ name }) => {
        const tensor = fields[name]
        return tensor === undefined ? [] : [[name, tensor] as const]
      }),
    )
  const count = Math.min(limit, samples.count)
  const first = pick(await samples.batch(0, 1))
  const bytes = Object.values(first).reduce((sum, { data }) => sum + data.byteLength, 0)
  const interfaces = { inputs: inputs.map(infoOf), outputs: model.graph.outputs.map(infoOf) }
  const { size, isFixed } = batchingOf(interfaces, bytes)
  for (let start = 0; start < count; start += size) {
    const begin = isFixed ? Math.max(0, Math.min(start, samples.count - size)) : start
    const end = isFixed ? begin + size : Math.min(count, start + size)
    yield pick(await samples.batch(begin, end))
  }
}

function infoOf({ name, type }: Value): RuntimeValueInfo {
  return type?.kind === 'tensor'
    ? { name, dtype: type.dtype, shape: type.shape }
    : { name, dtype: 'none', shape: null }
}
