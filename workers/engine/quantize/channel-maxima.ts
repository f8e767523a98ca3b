// The largest magnitude that each channel of an activation takes over the calibration data.

import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../rewrite/copy-model.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { GraphStatistics } from './graph-statistics.ts'

export interface ChannelRequest {
  readonly name: string
  /** The axis that channels lie along. */
  readonly channels: 1 | -1
}

export async function channelMaxima(
  model: Model,
  requests: readonly ChannelRequest[],
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<ReadonlyMap<string, Float64Array>> {
  const maxima = new Map<string, Float64Array>()
  if (requests.length === 0) return maxima
  const observed = copyModel(model)
  const statistics = new GraphStatistics(observed)
  const values = new Map(
    [...observed.graph.nodes()].flatMap(({ outputs }) =>
      outputs.flatMap((value) => (value === null ? [] : [[value.name, value] as const])),
    ),
  )
  const names = new Map<string, string>()
  const outputs = requests.flatMap(({ name, channels }) => {
    const value = values.get(name)
    if (value === undefined) return []
    const largest = statistics.perChannel('ReduceMax', statistics.op('Abs', [value]), channels)
    names.set(largest.name, name)
    return [largest]
  })
  observed.graph.outputs.splice(0, observed.graph.outputs.length, ...outputs)
  sweepDeadCode(observed)
  const options = { threads, optimization: 'basic', memoryPattern: false } as const
  const session = await runtime.load(modelBytes(observed, 'inline'), options)
  try {
    for await (const batch of feeds) {
      for (const [output, { data }] of Object.entries(await session.run(batch))) {
        const name = names.get(output) ?? output
        const present = maxima.get(name) ?? new Float64Array(data.length)
        maxima.set(
          name,
          present.map((most, index) => Math.max(most, Number(data[index] ?? 0))),
        )
      }
    }
  } finally {
    await session.release()
  }
  return maxima
}
