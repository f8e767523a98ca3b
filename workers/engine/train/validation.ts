// The loss of samples that training does not see.

import type { Model } from '#src/onnx/ir/model'
import { tensorType } from '#src/onnx/ir/value-type'
import { modelBytes } from '#src/onnx/write-model'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { freePrefix } from './free-prefix.ts'
import { appendLoss } from './losses/append-loss.ts'
import type { LossTerm } from './losses/loss-term.ts'
import { prepareTraining } from './prepare-training.ts'
import type { SampleSplit } from './split-samples.ts'
import type { Teacher } from './teacher.ts'
import type { TrainOptions } from './train-options.ts'
import { exposeAsInputs } from './trainable-weights.ts'
import type { TrainingSamples } from './training-samples.ts'

export interface Validation {
  /** With these weights, the mean over whole batches. */
  loss(weights: Readonly<Record<string, RuntimeTensor>>): Promise<number>
  release(): Promise<void>
}

interface Data {
  readonly split: SampleSplit
  readonly samples: TrainingSamples
  readonly teacher: Teacher | null
}

/** `trained`: names of what `loss` is given. BatchNormalization uses its running statistics here. @throws RuntimeRejection */
export async function openValidation(
  model: Model,
  terms: readonly LossTerm[],
  { split, samples, teacher }: Data,
  trained: ReadonlySet<string>,
  { threads }: TrainOptions,
  runtime: Runtime,
): Promise<Validation> {
  const { model: copy } = await prepareTraining(model, runtime)
  const loss = appendLoss(copy, terms, freePrefix(copy))
  const { initializers } = copy.graph
  exposeAsInputs(
    copy,
    [...initializers.values()].filter(({ name }) => trained.has(name)),
  )
  loss.type = tensorType('float32', [])
  copy.graph.outputs.length = 0
  copy.graph.outputs.push(loss)
  sweepDeadCode(copy)
  const session = await runtime.load(modelBytes(copy, 'inline'), { threads, optimization: 'basic' })
  const inputs = new Set(session.inputs.map(({ name }) => name))
  return {
    loss: async (state) => {
      let sum = 0
      const batches = split.heldBack.length / split.batch
      for (let batch = 0; batch < batches; batch += 1) {
        const indices = split.heldBack.subarray(batch * split.batch, (batch + 1) * split.batch)
        const fields = await samples.pick(indices)
        const targets = (await teacher?.targets(fields, indices)) ?? {}
        const all = Object.entries({ ...fields, ...targets, ...state })
        const feeds = Object.fromEntries(all.filter(([name]) => inputs.has(name)))
        const results = await session.run(feeds)
        sum += Number(results[loss.name]?.data[0])
      }
      return sum / batches
    },
    release: () => session.release(),
  }
}
