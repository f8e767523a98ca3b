// BatchNormalization with the statistics of the batch, and running statistics for the time after training.

import { floatAttribute, intAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'
import { makeTensor } from '#src/onnx/make-tensor'
import type { GradientBuilder } from '../ops/gradient-builder.ts'
import { labelOf } from '../rewrite/pass.ts'

/** What the running statistics keep at each step. */
const KEPT = 0.9

export interface RunningStatistic {
  /** The initializer: what inference uses. */
  readonly value: Value
  /** Mean or variance (of the population) of the batch. */
  readonly ofBatch: Value
}

/**
 * Puts the nodes into training mode; their statistics lose their readers. The runtime overwrites the statistics that it is
 * given in that mode: each node gets constants of its own, and with elements of its own, as the runtime merges equal constants of
 * up to eight elements. At momentum 0 nothing comes of what they are.
 */
export function trainBatchNorm(
  model: Model,
  frozen: readonly string[],
  prefix: string,
): RunningStatistic[] {
  const names = new Set(frozen)
  const nodes = [...model.graph.nodes()].filter((node) => {
    return node.is('BatchNormalization') && !names.has(labelOf(node)) && isTrainable(node)
  })
  return nodes.flatMap((node, place) => train(model, node, prefix, 1 + place))
}

function isTrainable(node: Node): boolean {
  if (node.int('training_mode', 0) === 1) return false
  return [3, 4].every((index) => {
    const value = node.input(index)
    return value?.constant?.dtype === 'float32' && value.uses.size === 1
  })
}

function train({ graph }: Model, node: Node, prefix: string, place: number): RunningStatistic[] {
  const label = node.output(0)?.name ?? node.name
  node.attributes.set('training_mode', intAttribute('training_mode', 1))
  node.attributes.set('momentum', floatAttribute('momentum', 0))
  return [3, 4].map((index) => {
    const value = node.input(index)
    const dims = value?.constant?.dims
    if (value === null || dims === undefined)
      throw new Error(`${node.describe()} has no statistics`)
    const elements = Array.from({ length: dims[0] ?? 0 }, () => 2 * place + index - 3)
    const own = makeTensor(`${prefix}${label}/statistic_${index}`, 'float32', dims, elements)
    node.setInput(index, graph.addInitializer(own))
    const ofBatch = new Value(`${prefix}${label}/batch_${index}`)
    node.setOutput(index - 2, ofBatch)
    return { value, ofBatch }
  })
}

/** running ← 0.9·running + 0.1·batch. */
export function nextStatistic(g: GradientBuilder, { value, ofBatch }: RunningStatistic): Value {
  const kept = g.mul(value, g.scalar(KEPT, value))
  return g.add(kept, g.mul(ofBatch, g.scalar(1 - KEPT, value)))
}
