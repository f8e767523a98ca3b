// Appends a loss to a graph.

import type { DataType } from '#src/onnx/ir/data-type'
import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'
import type { Shape } from '#src/onnx/ir/value-type'
import { tensorType } from '#src/onnx/ir/value-type'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { GradientBuilder } from '../../ops/gradient-builder.ts'
import { fromFront } from '../../ops/pass-axes.ts'
import { cosineDistance } from './cosine-distance.ts'
import { crossEntropy } from './cross-entropy.ts'
import { divergence } from './divergence.ts'
import { hint } from './hint.ts'
import type { LossTerm } from './loss-term.ts'
import { squaredError } from './squared-error.ts'
import type { WholeBatch } from './whole-batch.ts'

/** The weighted sum of the terms, a scalar; their targets become inputs of the graph. */
export function appendLoss(
  model: Model,
  terms: readonly LossTerm[],
  prefix: string,
  whole: WholeBatch = () => null,
): Value {
  const g = new GradientBuilder(model.graph, inferTypes(model), prefix)
  const parts = terms.map((term) => {
    const part = appendTerm(g, model, term, whole)
    return term.weight === 1 ? part : g.mul(part, g.scalar(term.weight, outputOf(model, term)))
  })
  return parts.reduce((sum, part) => g.add(sum, part))
}

function appendTerm(g: GradientBuilder, model: Model, term: LossTerm, whole: WholeBatch): Value {
  const output = outputOf(model, term)
  // Labels may lack axes of size 1; a teacher's answer is what the student's is.
  const shape = targetShape(g, term, output)
  const target = targetInput(model, term.target, term.targetType, shape)
  switch (term.kind) {
    case 'cross_entropy':
      return crossEntropy(g, term, logitsOf(output), target, whole)
    case 'mixed_cross_entropy': {
      const partner = targetInput(model, term.partner, term.targetType, null)
      const share = targetInput(model, term.share, 'float32', [])
      const own = crossEntropy(g, term, logitsOf(output), target, whole)
      const other = crossEntropy(g, term, logitsOf(output), partner, whole)
      // share·own + (1 − share)·other
      return g.add(other, g.mul(share, g.sub(own, other)))
    }
    case 'divergence':
      return divergence(g, term, logitsOf(output), target)
    case 'squared_error':
      return squaredError(g, term, output, target, whole)
    case 'cosine':
      return cosineDistance(g, output, target)
    case 'hint':
      return hint(g, model.graph, term, output, target, whole)
  }
}

function targetShape(g: GradientBuilder, term: LossTerm, output: Value): Shape {
  if (term.kind === 'divergence') return g.shape(logitsOf(output))
  const own = term.kind === 'hint' ? g.shape(output) : null
  if (term.kind !== 'hint' || own === null) return null
  const channels = fromFront(term.axis, own.length)
  const count = term.adapter === 'none' ? null : term.adapter.to
  return own.map((dim, axis) => (axis === channels ? count : dim))
}

/** Hints are of inner values. */
function outputOf({ graph }: Model, { kind, output }: LossTerm): Value {
  const outputs = graph.outputs.find(({ name }) => name === output)
  const found = outputs ?? (kind === 'hint' ? innerValue(graph, output) : undefined)
  if (found === undefined) throw new MissingValue(output)
  return found
}

/** What a term compares is not in the graph (any more). */
export class MissingValue extends Error {
  override readonly name = 'MissingValue'
  readonly value: string

  constructor(value: string) {
    super(`the model has no value '${value}'`)
    this.value = value
  }
}

/** What a node of the graph makes, by its name. */
export function innerValue(graph: Graph, name: string): Value | undefined {
  for (const node of graph.nodes()) {
    const found = node.outputs.find((value) => value?.name === name)
    if (found !== undefined && found !== null) return found
  }
  return undefined
}

function targetInput({ graph }: Model, name: string, dtype: DataType, shape: Shape): Value {
  const known = graph.inputs.find((value) => value.name === name)
  if (known !== undefined) return known
  const input = new Value(name, tensorType(dtype, shape))
  input.graph = graph
  graph.inputs.push(input)
  return input
}

/** What a final softmax is taken of: softmax(log softmax(x) ÷ T) = softmax(x ÷ T), without the loss of digits. */
export function logitsOf(output: Value): Value {
  const last = output.producer
  if (last === null || !isSoftmax(last)) return output
  return last.input(0) ?? output
}

function isSoftmax(node: Node): boolean {
  return node.is('Softmax', 'LogSoftmax')
}
