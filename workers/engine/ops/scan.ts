// A Scan written by a recipe: what cannot be computed for all steps of a sequence at once, step by step.

import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import { Graph } from '#src/onnx/ir/graph'
import { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import type { GradientBuilder } from './gradient-builder.ts'

/** States and elements have two axes: the runtime has to know how many. */
const MATRIX = [null, null]

export interface ScanStep {
  /** The states after the step, as many as went in. */
  readonly states: readonly Value[]
  /** What is collected along the first axis. */
  readonly collected: readonly Value[]
}

export interface ScanCall {
  readonly states: readonly Value[]
  /** Taken apart along the first axis. */
  readonly sequences: readonly Value[]
  /** From the last element to the first; what is collected lies in the order of the sequences either way. */
  readonly isBackward: boolean
  /** A value whose element type everything here has. */
  readonly like: Value
}

/** The step may read values of the graph around it. */
export function scan(
  g: GradientBuilder,
  { states, sequences, isBackward, like }: ScanCall,
  step: (inner: GradientBuilder, states: Value[], elements: Value[]) => ScanStep,
): ScanStep {
  const graph = new Graph()
  graph.name = 'step'
  const inner = g.within(graph)
  const inputs = [...states, ...sequences].map((value) => {
    const input = new Value(`${value.name}/element`, tensorType(g.dtype(like), MATRIX))
    input.graph = graph
    graph.inputs.push(input)
    return input
  })
  const next = step(inner, inputs.slice(0, states.length), inputs.slice(states.length))
  for (const value of [...next.states, ...next.collected]) {
    const output = inner.op('Identity', [value])
    output.type = tensorType(g.dtype(like), MATRIX)
    graph.outputs.push(output)
  }
  const direction = isBackward ? 1 : 0
  const outputs = g.ops(
    'Scan',
    [...states, ...sequences],
    next.states.length + next.collected.length,
    [
      { name: 'body', type: 'graph', value: graph },
      intAttribute('num_scan_inputs', sequences.length),
      intsAttribute(
        'scan_input_directions',
        sequences.map(() => direction),
      ),
      intsAttribute(
        'scan_output_directions',
        next.collected.map(() => direction),
      ),
    ],
  )
  return { states: outputs.slice(0, states.length), collected: outputs.slice(states.length) }
}
