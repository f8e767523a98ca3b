// A model's score on labelled samples, measured apart from the service.

import type { Runtime, RuntimeTensor } from '#engine/runtime/runtime'
import type { Metric } from './case.ts'
import type { LabelledData } from './datasets/labelled-data.ts'
import { sampleCount } from './datasets/labelled-data.ts'

/** top1: share of samples whose largest output is the label; mse: mean of (output − target)². One sample per run. */
export async function scoreModel(
  runtime: Runtime,
  model: Uint8Array,
  data: LabelledData,
  metric: Metric,
): Promise<number> {
  const session = await runtime.load(model, { threads: 1, optimization: 'all' })
  const count = sampleCount(data)
  let total = 0
  for (let index = 0; index < count; index += 1) {
    const outputs = Object.values(await session.run(sampleFeeds(data, index)))
    const output = outputs[0]!
    total += metric === 'top1' ? hit(output, data.labels, index) : error(output, data.labels, index)
  }
  await session.release()
  return total / count
}

/** The inputs of one sample, as a batch of one. */
export function sampleFeeds(data: LabelledData, index: number): Record<string, RuntimeTensor> {
  const feeds: Record<string, RuntimeTensor> = {}
  for (const [name, tensor] of Object.entries(data.inputs)) feeds[name] = sampleOf(tensor, index)
  return feeds
}

function sampleOf({ dtype, dims, data }: RuntimeTensor, index: number): RuntimeTensor {
  const [count = 1, ...sample] = dims
  const size = data.length / count
  return { dtype, dims: [1, ...sample], data: data.subarray(index * size, (index + 1) * size) }
}

function hit(output: RuntimeTensor, labels: RuntimeTensor, index: number): number {
  const values = output.data as Float32Array
  let best = 0
  for (let at = 1; at < values.length; at += 1) {
    if (values[at]! > values[best]!) best = at
  }
  return BigInt(best) === labels.data[index] ? 1 : 0
}

function error(output: RuntimeTensor, labels: RuntimeTensor, index: number): number {
  const target = sampleOf(labels, index).data as Float32Array
  const values = output.data as Float32Array
  let sum = 0
  values.forEach((value, at) => {
    sum += (value - target[at]!) ** 2
  })
  return sum / values.length
}
