// The step of a training: one graph for whole batches, two for batches in parts.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { LossTerm } from './losses/loss-term.ts'
import { executorsOf, openShardedRunner } from './sharded-runner.ts'
import { buildShardedStepGraph } from './sharded-step-graph.ts'
import type { SampleSplit } from './split-samples.ts'
import type { StepGraph } from './step-graph.ts'
import { buildStepGraph } from './step-graph.ts'
import { stepKernels } from './step-kernels.ts'
import type { StepRunner } from './step-runner.ts'
import { openStepRunner } from './step-runner.ts'
import type { TrainOptions } from './train-options.ts'

export interface TrainingStep {
  readonly graph: StepGraph
  /** Parts of a batch that are computed at once. */
  readonly executors: number
  /** @throws RuntimeRejection */
  open(): Promise<StepRunner>
}

/** `model`: changed into the step. @throws GradientRefusal naming the node that has no gradient */
export async function trainingStep(
  model: Model,
  terms: readonly LossTerm[],
  options: TrainOptions,
  { batch, shards }: SampleSplit,
  runtime: Runtime,
): Promise<TrainingStep> {
  const kernels = await stepKernels(runtime, batch / shards)
  if (shards === 1) {
    const graph = buildStepGraph(model, terms, options, kernels)
    return { graph, executors: 1, open: () => openStepRunner(graph, options, runtime) }
  }
  const graph = buildShardedStepGraph(model, terms, options, kernels, shards)
  return {
    graph,
    executors: executorsOf(runtime, shards),
    open: () => openShardedRunner(graph, shards, options, runtime),
  }
}
