// Gradients of a loss for weights that stay as they are, batch after batch: what importances and sensitivities are made of.

import type { Model } from '#src/onnx/ir/model'
import type { ValueType } from '#src/onnx/ir/value-type'
import { tensorType } from '#src/onnx/ir/value-type'
import { modelBytes } from '#src/onnx/write-model'
import { differentiate } from '../autodiff/differentiate.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { fixedBatch } from './free-batch.ts'
import { freePrefix } from './free-prefix.ts'
import { appendLoss } from './losses/append-loss.ts'
import type { LossTerm } from './losses/loss-term.ts'
import { prepareTraining } from './prepare-training.ts'
import { exposeAsInputs, trainableWeights } from './trainable-weights.ts'

export interface WeightGradients {
  readonly loss: number
  /** By initializer; weights that the loss does not depend on are left out. */
  readonly gradients: ReadonlyMap<string, Float32Array>
}

type Fields = Readonly<Record<string, RuntimeTensor>>

export interface GradientSession {
  /** The elements that gradients are for, by initializer, as the model has them. */
  readonly weights: ReadonlyMap<string, Float32Array>
  /** Samples that the model takes at a time; `null` for any number. */
  readonly batch: number | null
  /** `fields`: inputs of the model and targets of the loss. `moved`: elements to take instead, by initializer. */
  run(fields: Fields, moved?: ReadonlyMap<string, Float32Array>): Promise<WeightGradients>
  release(): Promise<void>
}

/**
 * BatchNormalization uses its running statistics. Weights come with each run, so that gradients can be told beside where the
 * model stands.
 * @throws GradientRefusal naming the node that has no gradient; RuntimeRejection
 */
export async function openWeightGradients(
  model: Model,
  terms: readonly LossTerm[],
  runtime: Runtime,
  threads: number,
): Promise<GradientSession> {
  const { model: copy } = await prepareTraining(model, runtime)
  const batch = fixedBatch(copy)
  const prefix = freePrefix(copy)
  const weights = trainableWeights(copy)
  const loss = appendLoss(copy, terms, `${prefix}loss/`)
  const elements = exposeAsInputs(copy, weights)
  const dims = new Map(weights.map(({ name, type }) => [name, dimsOf(type)]))
  const gradients = differentiate(copy, loss, weights, { prefix: `${prefix}gradient/` })
  loss.type = tensorType('float32', [])
  copy.graph.outputs.length = 0
  copy.graph.outputs.push(loss)
  for (const gradient of gradients.values()) {
    gradient.type = tensorType('float32', null)
    if (!gradient.isGraphOutput) copy.graph.outputs.push(gradient)
  }
  sweepDeadCode(copy)
  const session = await runtime.load(modelBytes(copy, 'inline'), {
    threads,
    optimization: 'basic',
    memoryPattern: false,
  })
  const inputs = new Set(session.inputs.map(({ name }) => name))
  return {
    weights: elements,
    batch,
    run: async (fields, moved = elements) => {
      const given = Object.entries(fields).filter(([name]) => inputs.has(name))
      const feeds: Record<string, RuntimeTensor> = Object.fromEntries(given)
      for (const [name, own] of elements) {
        if (!inputs.has(name)) continue
        feeds[name] = { dtype: 'float32', dims: dims.get(name) ?? [], data: moved.get(name) ?? own }
      }
      const results = await session.run(feeds)
      const found = [...gradients].flatMap(([weight, gradient]) => {
        const data = results[gradient.name]?.data
        return data instanceof Float32Array ? [[weight.name, data] as const] : []
      })
      return { loss: Number(results[loss.name]?.data[0]), gradients: new Map(found) }
    },
    release: () => session.release(),
  }
}

function dimsOf(type: ValueType | null): readonly number[] {
  return type?.kind === 'tensor' ? ((type.shape ?? []) as readonly number[]) : []
}
