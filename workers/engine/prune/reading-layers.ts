// Which layers read an activation through a constant weight, along which axis, and how large what they read is.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { modelBytes } from '#src/onnx/write-model'
import { opRule } from '../ops/registry.ts'
import { fromFront } from '../ops/pass-axes.ts'
import { GraphStatistics } from '../quantize/graph-statistics.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'

export interface WeightReading {
  readonly node: Node
  readonly data: Value
  readonly weight: Value
  readonly tensor: Tensor
  /** The axis of the weight that is summed over; `none` where groups divide it. */
  readonly axis: number | 'none'
  /** The axis of the data that it meets: the second or the last. */
  readonly channels: 1 | -1
}

export function weightReadings(model: Model): WeightReading[] {
  const readings: WeightReading[] = []
  for (const node of model.graph.nodes()) {
    const rule = opRule(node)
    if (rule === 'unknown' || typeof rule.quantization === 'string') continue
    const slot = rule.quantization.weight
    if (slot === 'none') continue
    const [data, weight] = [node.input(0), node.input(slot.input)]
    const tensor = weight?.constant ?? null
    if (data === null || weight === null || tensor === null || data.constant !== null) continue
    const axis = slot.inputAxis(node, tensor.dims)
    const own = axis === 'none' ? axis : fromFront(axis, tensor.dims.length)
    readings.push({ node, data, weight, tensor, axis: own, channels: slot.channels })
  }
  return readings
}

export interface MeasuredReading extends WeightReading {
  /** Mean square of what the weight meets at each index of its axis. */
  readonly squares: Float64Array
}

/** Runs a copy of the model on all of the feeds; what no axis tells is left out. */
export async function measureReads(
  model: Model,
  feeds: AsyncIterable<Readonly<Record<string, RuntimeTensor>>>,
  runtime: Runtime,
): Promise<MeasuredReading[]> {
  const copy = copyModel(model)
  const statistics = new GraphStatistics(copy)
  const outputs = new Map<string, string>()
  for (const { data, channels, axis } of weightReadings(copy)) {
    const key = `${channels}:${data.name}`
    if (axis === 'none' || outputs.has(key)) continue
    const squares = statistics.op('Mul', [data, data])
    const mean = statistics.perChannel('ReduceMean', squares, channels)
    copy.graph.outputs.push(mean)
    outputs.set(key, mean.name)
  }
  const totals = await runTotals(copy, feeds, runtime, new Set(outputs.values()))
  return weightReadings(model).flatMap((reading) => {
    const name = outputs.get(`${reading.channels}:${reading.data.name}`)
    const squares = name === undefined ? undefined : totals.get(name)
    if (squares === undefined || reading.axis === 'none') return []
    return squares.length === reading.tensor.dims[reading.axis] ? [{ ...reading, squares }] : []
  })
}

/** Means over the batches. */
async function runTotals(
  model: Model,
  feeds: AsyncIterable<Readonly<Record<string, RuntimeTensor>>>,
  runtime: Runtime,
  names: ReadonlySet<string>,
): Promise<Map<string, Float64Array>> {
  const totals = new Map<string, Float64Array>()
  if (names.size === 0) return totals
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads: 1,
    optimization: 'basic',
  })
  let batches = 0
  try {
    for await (const batch of feeds) {
      const results = await session.run(batch, [...names])
      batches += 1
      for (const [name, { data }] of Object.entries(results)) {
        const total = totals.get(name) ?? new Float64Array(data.length)
        for (const [index, square] of data.entries()) {
          total[index] = (total[index] ?? 0) + Number(square)
        }
        totals.set(name, total)
      }
    }
  } finally {
    await session.release()
  }
  for (const total of totals.values()) {
    for (const index of total.keys()) total[index] = (total[index] ?? 0) / Math.max(1, batches)
  }
  return totals
}
