// Runs a step on batches that are cut into parts: parts side by side in threads, then one update. What comes out does not depend on
// how many threads there are.

import { modelBytes } from '#src/onnx/write-model'
import { sliceSamples } from '../evaluate/tensor-data.ts'
import type { Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime.ts'
import type { ShardedStepGraph } from './sharded-step-graph.ts'
import type { StepRunner } from './step-runner.ts'
import { fedTo, scalarTensor, scalarsOf, stepSession } from './step-runner.ts'
import type { TrainOptions } from './train-options.ts'

type Tensors = Readonly<Record<string, RuntimeTensor>>

/** How many of `shards` parts are computed at once. */
export function executorsOf({ sessionThreads }: Runtime, shards: number): number {
  return sessionThreads === 'none' ? 1 : Math.max(1, Math.min(shards, sessionThreads.cores))
}

/** Each part has its share of the threads, however many run at once. @throws RuntimeRejection */
export async function openShardedRunner(
  graph: ShardedStepGraph,
  shards: number,
  options: TrainOptions,
  runtime: Runtime,
): Promise<StepRunner> {
  const opened: RuntimeSession[] = []
  const release = async (): Promise<void> => {
    for (const session of opened) await session.release()
  }
  const open = async (loading: Promise<RuntimeSession>): Promise<RuntimeSession> => {
    const session = await loading
    opened.push(session)
    return session
  }
  try {
    const update = await open(
      runtime.load(modelBytes(graph.model, 'inline'), stepSession(options.threads)),
    )
    const bytes = modelBytes(graph.part, 'inline')
    const each = stepSession(Math.max(1, Math.floor(options.threads / shards)))
    const executors: RuntimeSession[] = []
    for (let count = 0; count < executorsOf(runtime, shards); count += 1) {
      const { sessionThreads } = runtime
      const isHere = count === 0 || sessionThreads === 'none'
      executors.push(await open((isHere ? runtime : sessionThreads).load(bytes, each)))
    }
    return {
      run: async (batch, weights, step, steps) => {
        const state = weights.feeds()
        const whole = [...graph.ofBatch].map(([name, of]) => [name, scalarTensor(of(batch))])
        const shared: Tensors = { ...state, ...Object.fromEntries(whole) }
        const parts = await inParts(executors, shards, (shard, session) =>
          fedTo(session, { ...shared, ...partOf(batch, shard, shards) }),
        )
        const { rate, feeds } = scalarsOf(graph.scalars, options, step, steps)
        const given = fedTo(update, { ...state, ...exchangedOf(graph, parts), ...feeds })
        weights.advance(await update.run(given), step)
        const losses = parts.map((part) => Number(part[graph.loss]?.data[0]))
        return { loss: losses.reduce((sum, loss) => sum + loss) / shards, learningRate: rate }
      },
      release,
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** Results by part. None is computed any more when it returns or throws: a thread that computes cannot be ended. */
async function inParts(
  executors: readonly RuntimeSession[],
  shards: number,
  feeds: (shard: number, session: RuntimeSession) => Tensors,
): Promise<readonly Tensors[]> {
  // All are asked at once: this thread is blocked while it computes its own, and could hand no other its next one.
  const running = Array.from({ length: shards }, async (_, shard) => {
    const session = executors[shard % executors.length]
    if (session === undefined) throw new Error('there is nothing to run a part of a batch')
    return await session.run(feeds(shard, session))
  })
  const ended = await Promise.allSettled(running)
  return ended.map((end) => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}

/** A scalar belongs to all parts. */
function partOf(batch: Tensors, shard: number, shards: number): Tensors {
  const parts = Object.entries(batch).map(([name, tensor]) => {
    const [count] = tensor.dims
    if (count === undefined) return [name, tensor] as const
    const size = count / shards
    return [name, sliceSamples(tensor, shard * size, (shard + 1) * size)] as const
  })
  return Object.fromEntries(parts)
}

function exchangedOf({ exchanged }: ShardedStepGraph, parts: readonly Tensors[]): Tensors {
  const given: Record<string, RuntimeTensor> = {}
  for (const { output, inputs } of exchanged) {
    for (const [shard, input] of inputs.entries()) {
      const tensor = parts[shard]?.[output]
      if (tensor !== undefined) given[input] = tensor
    }
  }
  return given
}
