// Mean output of each channel of the layers that have a bias.

import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import { modelBytes } from '#src/onnx/write-model'
import { opRule } from '../../ops/registry.ts'
import { GraphStatistics } from '../../quantize/graph-statistics.ts'
import { copyModel } from '../../rewrite/copy-model.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { weightReadings } from '../reading-layers.ts'
import type { Feeds } from '../verify-pruned.ts'

export interface BiasedLayer {
  readonly label: string
  readonly output: Value
  readonly bias: Value
  readonly channels: 1 | -1
  readonly rank: number
}

/** Layers whose bias is a constant vector of their own. */
export function biasedLayers(model: Model): BiasedLayer[] {
  return weightReadings(model).flatMap(({ node, channels, tensor }) => {
    const rule = opRule(node)
    if (rule === 'unknown' || typeof rule.quantization === 'string') return []
    const slot = rule.quantization.bias
    const [bias, output] = [slot === 'none' ? null : node.input(slot), node.output(0)]
    const constant = bias?.constant ?? null
    if (bias === null || output === null || constant === null) return []
    if (constant.dtype !== 'float32' || constant.dims.length !== 1) return []
    // A factor in front of the bias (Gemm's beta) would have to be divided out.
    if (bias.uses.size !== 1 || node.float('beta', 1) !== 1) return []
    return [{ label: labelOf(node), output, bias, channels, rank: tensor.dims.length }]
  })
}

/** By label, over all batches. */
export async function layerMeans(
  model: Model,
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<Map<string, Float64Array>> {
  const copy = copyModel(model)
  const statistics = new GraphStatistics(copy)
  const names = new Map<string, string>()
  for (const { label, output, channels } of biasedLayers(copy)) {
    const mean = statistics.perChannel('ReduceMean', output, channels)
    copy.graph.outputs.push(mean)
    names.set(label, mean.name)
  }
  const totals = await meanOutputs(copy, [...names.values()], batches, runtime)
  return new Map(
    [...names].flatMap(([label, name]) => {
      const total = totals.get(name)
      return total === undefined ? [] : [[label, total.mean] as const]
    }),
  )
}

export interface OutputMoments {
  readonly mean: Float64Array
  /** Of the values of the batches around the mean. */
  readonly variance: Float64Array
}

/** Runs the model on every batch and keeps mean and variance of the named outputs, which have one size in all of them. */
export async function meanOutputs(
  model: Model,
  names: readonly string[],
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<Map<string, OutputMoments>> {
  if (names.length === 0) return new Map()
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads: 1,
    optimization: 'basic',
  })
  const rows = new Map<string, Float64Array[]>()
  try {
    for (const batch of batches) {
      const results = await session.run(batch, names)
      for (const [name, { data }] of Object.entries(results)) {
        const row = Float64Array.from(data as ArrayLike<number>)
        rows.set(name, [...(rows.get(name) ?? []), row])
      }
    }
  } finally {
    await session.release()
  }
  return new Map([...rows].map(([name, all]) => [name, momentsOf(all)]))
}

function momentsOf(rows: readonly Float64Array[]): OutputMoments {
  const size = rows[0]?.length ?? 0
  const mean = new Float64Array(size)
  const variance = new Float64Array(size)
  for (let index = 0; index < size; index += 1) {
    for (const row of rows) mean[index] = (mean[index] ?? 0) + (row[index] ?? 0) / rows.length
    for (const row of rows) {
      const distance = (row[index] ?? 0) - (mean[index] ?? 0)
      variance[index] = (variance[index] ?? 0) + distance ** 2 / rows.length
    }
  }
  return { mean, variance }
}
