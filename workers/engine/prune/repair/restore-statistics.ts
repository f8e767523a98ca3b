// Statistics of a pruned model, without labels: running means and variances of BatchNormalization are estimated anew, and biases take
// out what pruning added to the mean of each layer's outputs. Every layer is put right inside the graph on the batch at hand, so that
// one run shows each layer what comes out of repaired ones.

import type { Model } from '#src/onnx/ir/model'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'
import { GraphStatistics } from '../../quantize/graph-statistics.ts'
import { copyModel } from '../../rewrite/copy-model.ts'
import { sortNodes } from '../../rewrite/sort-nodes.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { trainBatchNorm } from '../../train/batch-norm-training.ts'
import type { Feeds } from '../verify-pruned.ts'
import type { BiasedLayer, OutputMoments } from './layer-means.ts'
import { biasedLayers, meanOutputs } from './layer-means.ts'

export interface RestoredStatistics {
  readonly batch_norms: number
  readonly biases: number
}

/** @param targets mean outputs of the original by layer, of the channels that are kept */
export async function restoreStatistics(
  model: Model,
  targets: ReadonlyMap<string, Float64Array>,
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<RestoredStatistics> {
  const copy = copyModel(model)
  const norms = trainBatchNorm(copy, [], 'restored/')
  const statistics = new GraphStatistics(copy)
  const corrections = new Map<string, string>()
  for (const layer of biasedLayers(copy)) {
    const target = targets.get(layer.label)
    if (target === undefined) continue
    const correction = appendCorrection(statistics, layer, target)
    copy.graph.outputs.push(correction)
    corrections.set(layer.bias.name, correction.name)
  }
  for (const { ofBatch } of norms) copy.graph.outputs.push(ofBatch)
  sortNodes(copy)
  const names = [...corrections.values(), ...norms.map(({ ofBatch }) => ofBatch.name)]
  const found = await meanOutputs(copy, names, batches, runtime)
  let biases = 0
  for (const [bias, name] of corrections) biases += addTo(model, bias, found.get(name))
  const replaced = replaceStatistics(model, norms, found)
  return { batch_norms: replaced / 2, biases }
}

/** Readers of the layer read y + (t − mean y); gives t − mean y. */
function appendCorrection(
  statistics: GraphStatistics,
  { output, channels, rank }: BiasedLayer,
  target: Float64Array,
): Value {
  const readers = [...output.uses]
  const mean = statistics.perChannel('ReduceMean', output, channels)
  const wanted = statistics.graph.addInitializer(
    typedTensor(
      statistics.name('stat_target'),
      'float32',
      [target.length],
      Float32Array.from(target),
    ),
  )
  const correction = statistics.op('Sub', [wanted, mean])
  const spread = channels === 1 ? Array.from({ length: rank - 2 }, () => 1n) : []
  const dims = statistics.integers([BigInt(target.length), ...spread])
  const aligned = statistics.op('Reshape', [correction, dims])
  const corrected = statistics.op('Add', [output, aligned])
  for (const { node, index } of readers) node.setInput(index, corrected)
  return correction
}

function addTo(model: Model, name: string, moments: OutputMoments | undefined): number {
  const value = model.graph.initializers.get(name)
  const tensor = value?.constant ?? null
  if (value === undefined || tensor === null || moments === undefined) return 0
  const { mean } = moments
  const sum = floatValues(tensor).map((bias, index) => bias + (mean[index] ?? 0))
  model.graph.setInitializer(value, typedTensor(name, 'float32', tensor.dims, sum))
  return 1
}

/** Means first: the variance over all batches is that within them and that of their means. */
function replaceStatistics(
  model: Model,
  norms: ReturnType<typeof trainBatchNorm>,
  found: ReadonlyMap<string, OutputMoments>,
): number {
  let replaced = 0
  for (const [index, { value, ofBatch }] of norms.entries()) {
    const target = model.graph.initializers.get(value.name)
    const moments = found.get(ofBatch.name)
    if (target === undefined || moments === undefined) continue
    const isVariance = index % 2 === 1
    const between = isVariance ? found.get(norms[index - 1]?.ofBatch.name ?? '')?.variance : null
    const values = Float32Array.from(moments.mean, (mean, at) => mean + (between?.[at] ?? 0))
    model.graph.setInitializer(target, typedTensor(value.name, 'float32', [values.length], values))
    replaced += 1
  }
  return replaced
}
