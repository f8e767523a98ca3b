// Runs the step graph: one session for all steps.

import { modelBytes } from '#src/onnx/write-model'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { ruleOf } from './optimizers/optimizer.ts'
import { rateFactor } from './schedule.ts'
import type { StepGraph } from './step-graph.ts'
import type { TrainOptions } from './train-options.ts'
import type { Weights } from './weights.ts'

export interface StepRunner {
  /** Step 0, 1, … of `steps` with this batch; `weights` are moved on. */
  run(
    batch: Readonly<Record<string, RuntimeTensor>>,
    weights: Weights,
    step: number,
    steps: number,
  ): Promise<{ readonly loss: number; readonly learningRate: number }>
  release(): Promise<void>
}

/** @throws RuntimeRejection */
export async function openStepRunner(
  graph: StepGraph,
  { optimizer, learningRate, schedule, threads }: TrainOptions,
  runtime: Runtime,
): Promise<StepRunner> {
  const session = await runtime.load(modelBytes(graph.model, 'inline'), {
    threads,
    optimization: 'basic',
    memoryPattern: false,
    sessionConfig: { 'session.intra_op.allow_spinning': '0' },
  })
  const inputs = new Set(session.inputs.map(({ name }) => name))
  return {
    run: async (batch, weights, step, steps) => {
      const rate = learningRate * rateFactor(schedule, step, steps)
      const scalars = { rate, ...ruleOf(optimizer).scalars(optimizer, step + 1) }
      const feeds: Record<string, RuntimeTensor> = weights.feeds()
      for (const [name, tensor] of Object.entries(batch)) {
        if (inputs.has(name)) feeds[name] = tensor
      }
      for (const [name, value] of Object.entries(scalars)) {
        const input = graph.scalars.get(name)
        if (input !== undefined) {
          feeds[input] = { dtype: 'float32', dims: [], data: Float32Array.of(value) }
        }
      }
      const results = await session.run(feeds)
      weights.advance(results, step)
      return { loss: Number(results[graph.loss]?.data[0]), learningRate: rate }
    },
    release: () => session.release(),
  }
}
