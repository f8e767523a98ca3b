// Step `quantize`, method `weight_only`.

import { concreteShapes } from '#engine/evaluate/random-feeds'
import { quantizeWeightOnly } from '#engine/quantize/weight-only/weight-only'
import type { WeightOnlyOptions } from '#engine/quantize/weight-only/weight-only-options'
import type { RuntimeValueInfo } from '#engine/runtime/runtime'
import { TersorError } from '#src/domain/errors'
import type { Model } from '#src/onnx/ir/model'
import type { QuantizeWeightOnlyStep } from '#src/recipes/quantize-weight-only'
import { calibrationFeeds } from './calibration-feeds.ts'
import { openSpillFile } from './spill-file.ts'
import type { StepContext, StepRunner } from './step-outcome.ts'
import { widerWarnings } from './weight-only-warnings.ts'

const NEEDS_DATA = ['gptq', 'awq']

export const runQuantizeWeightOnly: StepRunner<QuantizeWeightOnlyStep> = async (
  model,
  step,
  context,
) => {
  const { calibration, runtime, spec } = context
  if (calibration === null && NEEDS_DATA.includes(step.algorithm)) {
    throw new TersorError('dataset_required', `${step.algorithm} needs a calibration dataset`)
  }
  const { layerNoise, ...result } = await quantizeWeightOnly(model, optionsOf(step), {
    runtime,
    threads: spec.evaluation.latency.threads,
    feeds: calibration === null ? null : calibrationFeeds(model, calibration, step.samples),
    store: openSpillFile(context.scratch),
    inputShapes: await inputShapes(model, context),
    progress: context.progress,
  })
  return { ...result, warnings: widerWarnings(step, result.details['layers']), layerNoise }
}

function optionsOf(step: QuantizeWeightOnlyStep): WeightOnlyOptions {
  return {
    dtype: step.weights_dtype,
    blockSize: step.block_size,
    symmetric: step.symmetric,
    scaleSearch: step.scale_search,
    algorithm: step.algorithm,
    actOrder: step.act_order,
    damping: step.damping,
    format: step.format,
    accuracyLevel: step.accuracy_level,
    embeddings: step.embeddings,
    excludedLayers: step.excluded_layers,
  }
}

/** Those that latency is measured with; open axes are as long as those of a sample. */
async function inputShapes(
  model: Model,
  { calibration, evaluation, spec }: StepContext,
): Promise<Record<string, readonly number[]>> {
  const sample = (await (calibration ?? evaluation)?.batch(0, 1)) ?? {}
  const known = Object.fromEntries(Object.entries(sample).map(([name, { dims }]) => [name, dims]))
  const inputs = model.graph.inputs.flatMap(({ name, type, initializer }): RuntimeValueInfo[] => {
    if (initializer !== null || type?.kind !== 'tensor') return []
    return [{ name, dtype: type.dtype, shape: type.shape }]
  })
  const shapes = concreteShapes(inputs, spec.evaluation.latency.batch_size, known) ?? {}
  return Object.fromEntries(Object.entries(shapes).map(([name, { shape }]) => [name, shape]))
}
