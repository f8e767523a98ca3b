// Whether a pruned model holds together: shapes by inference, then one run in the runtime.

import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { modelBytes } from '#src/onnx/write-model'
import { concreteShapes, randomFeeds } from '../evaluate/random-feeds.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { RuntimeRejection } from '../runtime/runtime.ts'
import { skeletonModel } from './skeleton-model.ts'

/** A fault of the engine, never of the model: the original was sound. */
export class PruneFailure extends Error {}

export type Feeds = Readonly<Record<string, RuntimeTensor>>

/** Something that the model runs on, before it is changed; `none` when chance finds nothing. */
export async function runnableFeeds(
  model: Model,
  inputs: Readonly<Record<string, readonly number[]>>,
  runtime: Runtime,
): Promise<Feeds | 'none'> {
  const infos = model.graph.inputs.flatMap(({ name, type, initializer }) => {
    const known = inputs[name]
    if (initializer !== null || type?.kind !== 'tensor' || known === undefined) return []
    return [{ name, dtype: type.dtype, shape: known }]
  })
  const shapes = concreteShapes(infos, 1)
  if (shapes === null) return 'none'
  const feeds = randomFeeds(shapes)
  try {
    await runOnce(model, feeds, runtime)
    return feeds
  } catch (error) {
    if (error instanceof RuntimeRejection) return 'none'
    throw error
  }
}

async function runOnce(model: Model, feeds: Feeds | 'none', runtime: Runtime): Promise<void> {
  const session = await runtime.load(modelBytes(skeletonModel(model), 'inline'), {
    threads: 1,
    optimization: 'disabled',
    memoryArena: false,
  })
  try {
    if (feeds !== 'none') await session.run(feeds)
  } finally {
    await session.release()
  }
}

/** What is known of the model before it is changed. */
export interface Before {
  readonly feeds: Feeds | 'none'
  /** Contradictions of shapes that it had already. */
  readonly problems: number
}

export async function lookBefore(
  model: Model,
  inputs: Readonly<Record<string, readonly number[]>>,
  runtime: Runtime,
): Promise<Before> {
  const feeds = await runnableFeeds(model, inputs, runtime)
  return { feeds, problems: inferTypes(model, { declaredTypes: 'ignore' }).problems.length }
}

/**
 * A model that ran on nothing before is loaded, no more.
 * @throws PruneFailure; RuntimeRejection when the runtime does not take it
 */
export async function verifyPruned(
  model: Model,
  { feeds, problems: allowed }: Before,
  runtime: Runtime,
): Promise<void> {
  const { problems } = inferTypes(model, { declaredTypes: 'ignore' })
  const problem = problems.length > allowed ? problems.at(-1) : undefined
  if (problem !== undefined) {
    const where = problem.node?.describe() ?? 'the inputs'
    throw new PruneFailure(`shapes do not fit after pruning: ${where}: ${problem.message}`)
  }
  await runOnce(model, feeds, runtime)
}
