// One training step as two models, for batches that are cut into parts: the gradients of a part, and what the mean of all parts'
// gradients makes of the weights.

import { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { GradientBuilder } from '../ops/gradient-builder.ts'
import { appendLoss } from './losses/append-loss.ts'
import type { LossTerm } from './losses/loss-term.ts'
import type { OfBatch } from './losses/whole-batch.ts'
import type { LearntWeight, StepGradients, StepOptions } from './step-gradients.ts'
import { stepGradients } from './step-gradients.ts'
import type { StepGraph } from './step-graph.ts'
import { closeGraph } from './step-graph.ts'
import type { StepKernels } from './step-kernels.ts'
import { StepState, dimsOf, graphInput } from './step-state.ts'

/** A tensor that each part gives to the update. */
interface PartOutput {
  readonly output: string
  /** Of the update, by part. */
  readonly inputs: readonly string[]
}

/** `model` is the update. */
export interface ShardedStepGraph extends StepGraph {
  readonly part: Model
  /** Scalars of the whole batch that each part is told, by input. */
  readonly ofBatch: ReadonlyMap<string, OfBatch>
  readonly exchanged: readonly PartOutput[]
}

/**
 * Changes `model`, a copy that `prepareTraining` made, into the model of a part. Parts have one size, and are summed in their order.
 * @throws GradientRefusal naming the node that has no gradient
 */
export function buildShardedStepGraph(
  model: Model,
  terms: readonly LossTerm[],
  options: StepOptions,
  kernels: StepKernels,
  shards: number,
): ShardedStepGraph {
  const ofBatch = new Map<string, OfBatch>()
  const found = stepGradients(model, terms, options, kernels, (prefix) =>
    appendLoss(model, terms, prefix, (of) => {
      const input = graphInput(model, `${prefix}whole_${ofBatch.size}`, [])
      ofBatch.set(input.name, of)
      return input
    }),
  )
  const update = emptyModel(model)
  const { inputs, exchanged } = updateInputs(update, found, shards)
  const g = new GradientBuilder(update.graph, inferTypes(update), `${found.prefix}step/`)
  const mean = (value: Value): Value => {
    const [first = value, ...rest] = inputs.parts.get(value) ?? []
    const sum = rest.reduce((total, part) => g.add(total, part), first)
    return g.mul(sum, g.scalar(1 / shards, first))
  }
  const own = (value: Value): Value => inputs.own.get(value) ?? value
  const learnt = [...found.learnt].map(([weight, rest]): [Value, LearntWeight] => {
    return [own(weight), { ...rest, gradient: mean(rest.gradient) }]
  })
  const statistics = found.statistics.map((statistic) => {
    return { value: own(statistic.value), ofBatch: mean(statistic.ofBatch) }
  })
  const state = new StepState(update, g, found.prefix, options, found.elements)
  state.advance(new Map(learnt), statistics)
  update.graph.outputs.push(...state.outputs)
  closeGraph(model, found, [found.loss, ...inputs.parts.keys()])
  return {
    part: model,
    model: update,
    loss: found.loss.name,
    ofBatch,
    exchanged,
    state: state.tensors,
    scalars: new Map([...state.scalars].map(([name, value]) => [name, value.name])),
    untrained: found.untrained,
  }
}

function emptyModel({ irVersion, opsetImports }: Model): Model {
  const graph = new Graph()
  graph.name = 'update'
  return {
    irVersion,
    producerName: '',
    producerVersion: '',
    domain: '',
    modelVersion: 0n,
    docString: '',
    graph,
    opsetImports: [...opsetImports],
    functions: [],
    metadata: [],
    unknownFields: null,
  }
}

interface UpdateInputs {
  /** By what the model of a part reads. */
  readonly own: ReadonlyMap<Value, Value>
  /** By what the model of a part gives. */
  readonly parts: ReadonlyMap<Value, readonly Value[]>
}

function updateInputs(
  update: Model,
  { learnt, statistics, prefix }: StepGradients,
  shards: number,
): { readonly inputs: UpdateInputs; readonly exchanged: readonly PartOutput[] } {
  const pairs = [
    ...[...learnt].map(([weight, { gradient }]) => [weight, gradient] as const),
    ...statistics.map(({ value, ofBatch }) => [value, ofBatch] as const),
  ]
  const own = new Map<Value, Value>()
  const parts = new Map<Value, readonly Value[]>()
  for (const [value, given] of pairs) {
    const dims = dimsOf(value)
    own.set(value, graphInput(update, value.name, dims))
    if (parts.has(given)) continue
    given.type = tensorType('float32', dims)
    const inputOf = (shard: number) => `${prefix}part_${shard}/${given.name}`
    const inputs = Array.from({ length: shards }, (_, shard) => {
      return graphInput(update, inputOf(shard), dims)
    })
    parts.set(given, inputs)
  }
  const exchanged = [...parts].map(([{ name }, inputs]) => {
    return { output: name, inputs: inputs.map((input) => input.name) }
  })
  return { inputs: { own, parts }, exchanged }
}
