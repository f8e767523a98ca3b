// clip(x + b, 0, c) / c → HardSigmoid(α = 1/c, β = b/c), also where the division comes after multiplying by x (HardSwish spelled
// out: Howard et al. 2019, c = 6, b = 3). The runtime has one kernel for it instead of four.

import { floatAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { scalarConstant } from './constants.ts'
import type { NodeRule } from './pass.ts'
import { bypass, soleConsumer, soleProducer } from './sole-consumer.ts'

export const recogniseHardSigmoid: NodeRule = {
  name: 'recognise-hard-sigmoid',
  apply: (node, { names }) => {
    if (!node.is('Clip') || node.graph === null) return 'unmatched'
    const top = clipTop(node)
    const shifted = soleProducer(node.input(0), node)
    const sum = shifted?.is('Add') ? variableAndConstant(shifted) : null
    if (top === null || shifted === null || sum === null) return 'unmatched'
    const division = findDivision(node, sum.variable, top)
    const clipped = node.output(0)
    const divided = division?.output(0)
    if (division === null || clipped === null || !divided) return 'unmatched'
    const hard = makeNode(
      'HardSigmoid',
      [sum.variable],
      [names.make(`${clipped.name}_hard`)],
      [floatAttribute('alpha', 1 / top), floatAttribute('beta', sum.constant / top)],
    )
    hard.name = node.name
    node.graph.insertBefore(hard, node)
    const gate = hard.output(0)
    const undivided = division.inputs.find((value) => value !== null && value.constant === null)
    if (gate === null || !undivided) throw new Error('a matched division reads one variable')
    if (undivided === clipped) bypass(division, gate)
    else {
      node.graph.replaceUses(clipped, gate)
      bypass(division, undivided)
    }
    node.graph.remove(node)
    shifted.graph?.remove(shifted)
    return 'applied'
  },
}

/** `max` of a Clip whose `min` is 0. */
function clipTop(node: Node): number | null {
  const low = node.input(1) === null ? node.float('min', NaN) : scalarConstant(node.input(1))
  const high = node.input(2) === null ? node.float('max', NaN) : scalarConstant(node.input(2))
  return low === 0 && high !== null && high > 0 ? high : null
}

function variableAndConstant(node: Node): { variable: Value; constant: number } | null {
  const [left, right] = [node.input(0), node.input(1)]
  const [variable, operand] = left?.constant == null ? [left, right] : [right, left]
  const constant = scalarConstant(operand)
  return variable === null || constant === null ? null : { variable, constant }
}

/** The node that divides by `top`: right behind the Clip, or behind the product of the Clip and `x`. */
function findDivision(clip: Node, x: Value, top: number): Node | null {
  const reader = soleConsumer(clip.output(0))
  if (reader === null || reader.graph !== clip.graph) return null
  if (divides(reader, top)) return reader
  const isGated = reader.is('Mul') && reader.inputs.includes(x)
  const next = isGated ? soleConsumer(reader.output(0)) : null
  return next !== null && next.graph === clip.graph && divides(next, top) ? next : null
}

function divides(node: Node, top: number): boolean {
  const operand = node.is('Div', 'Mul') ? scalarConstant(node.input(1)) : null
  const leading = node.is('Mul') ? scalarConstant(node.input(0)) : null
  const factor = node.is('Div') ? 1 / (operand ?? NaN) : (operand ?? leading ?? NaN)
  return Math.abs(factor * top - 1) < 1e-6
}
