// Whether a pruned model holds together: shapes by inference, then one run in the runtime.

import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { modelBytes } from '#src/onnx/write-model'
import { concreteShapes, randomFeeds } from '../evaluate/random-feeds.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** A fault of the engine, never of the model: the original was sound. */
export class PruneFailure extends Error {}

/**
 * @param inputs sizes for axes that the model leaves open
 * @throws PruneFailure; RuntimeRejection when the runtime does not take it
 */
export async function verifyPruned(
  model: Model,
  inputs: Readonly<Record<string, readonly number[]>>,
  runtime: Runtime,
): Promise<void> {
  const [problem] = inferTypes(model, { declaredTypes: 'ignore' }).problems
  if (problem !== undefined) {
    const where = problem.node?.describe() ?? 'the inputs'
    throw new PruneFailure(`shapes do not fit after pruning: ${where}: ${problem.message}`)
  }
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads: 1,
    optimization: 'disabled',
    memoryArena: false,
  })
  try {
    const shapes = concreteShapes(session.inputs, 1, inputs)
    if (shapes !== null) await session.run(randomFeeds(shapes))
  } finally {
    await session.release()
  }
}
