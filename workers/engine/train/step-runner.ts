// Runs the step graph: one session for all steps.

import { modelBytes } from '#src/onnx/write-model'
import type { LoadOptions, Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime.ts'
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

/** How the graphs of a step are run. */
export function stepSession(threads: number): LoadOptions {
  return {
    threads,
    optimization: 'basic',
    memoryPattern: false,
    sessionConfig: { 'session.intra_op.allow_spinning': '0' },
  }
}

/** @throws RuntimeRejection */
export async function openStepRunner(
  graph: StepGraph,
  options: TrainOptions,
  runtime: Runtime,
): Promise<StepRunner> {
  const bytes = modelBytes(graph.model, 'inline')
  const session = await runtime.load(bytes, stepSession(options.threads))
  return {
    run: async (batch, weights, step, steps) => {
      const { rate, feeds } = scalarsOf(graph.scalars, options, step, steps)
      const fed = fedTo(session, { ...weights.feeds(), ...batch, ...feeds })
      const results = await session.run(fed)
      weights.advance(results, step)
      return { loss: Number(results[graph.loss]?.data[0]), learningRate: rate }
    },
    release: () => session.release(),
  }
}

/** The learning rate of step 0, 1, … of `steps`, and all scalars of that step as inputs of the graph that takes them. */
export function scalarsOf(
  inputs: ReadonlyMap<string, string>,
  { optimizer, learningRate, schedule }: TrainOptions,
  step: number,
  steps: number,
): { readonly rate: number; readonly feeds: Readonly<Record<string, RuntimeTensor>> } {
  const rate = learningRate * rateFactor(schedule, step, steps)
  const scalars = { rate, ...ruleOf(optimizer).scalars(optimizer, step + 1) }
  const feeds = Object.entries(scalars).flatMap(([name, value]) => {
    const input = inputs.get(name)
    return input === undefined ? [] : [[input, scalarTensor(value)] as const]
  })
  return { rate, feeds: Object.fromEntries(feeds) }
}

export function scalarTensor(value: number): RuntimeTensor {
  return { dtype: 'float32', dims: [], data: Float32Array.of(value) }
}

/** Those that the session takes. */
export function fedTo(
  { inputs }: RuntimeSession,
  tensors: Readonly<Record<string, RuntimeTensor>>,
): Record<string, RuntimeTensor> {
  const found = inputs.flatMap(({ name }) => {
    const tensor = tensors[name]
    return tensor === undefined ? [] : [[name, tensor] as const]
  })
  return Object.fromEntries(found)
}
