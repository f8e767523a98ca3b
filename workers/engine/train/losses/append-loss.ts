// Appends a loss to a graph.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'
import type { Shape } from '#src/onnx/ir/value-type'
import { tensorType } from '#src/onnx/ir/value-type'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { GradientBuilder } from '../../ops/gradient-builder.ts'
import { crossEntropy } from './cross-entropy.ts'
import { divergence } from './divergence.ts'
import type { LossTerm } from './loss-term.ts'
import { squaredError } from './squared-error.ts'

/** The weighted sum of the terms, a scalar; their targets become inputs of the graph. */
export function appendLoss(model: Model, terms: readonly LossTerm[], prefix: string): Value {
  const g = new GradientBuilder(model.graph, inferTypes(model), prefix)
  const parts = terms.map((term) => {
    const part = appendTerm(g, model, term)
    return term.weight === 1 ? part : g.mul(part, g.scalar(term.weight, outputOf(model, term)))
  })
  return parts.reduce((sum, part) => g.add(sum, part))
}

function appendTerm(g: GradientBuilder, model: Model, term: LossTerm): Value {
  const output = outputOf(model, term)
  // Labels may lack axes of size 1; a teacher's answer is what the student's is.
  const shape = term.kind === 'divergence' ? g.shape(logitsOf(output)) : null
  const target = targetInput(model, term, shape)
  switch (term.kind) {
    case 'cross_entropy':
      return crossEntropy(g, term, logitsOf(output), target)
    case 'divergence':
      return divergence(g, term, logitsOf(output), target)
    case 'squared_error':
      return squaredError(g, term, output, target)
  }
}

function outputOf(model: Model, term: LossTerm): Value {
  const found = model.graph.outputs.find(({ name }) => name === term.output)
  if (found === undefined) throw new Error(`the model has no output '${term.output}'`)
  return found
}

function targetInput({ graph }: Model, { target, targetType }: LossTerm, shape: Shape): Value {
  const known = graph.inputs.find(({ name }) => name === target)
  if (known !== undefined) return known
  const input = new Value(target, tensorType(targetType, shape))
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
