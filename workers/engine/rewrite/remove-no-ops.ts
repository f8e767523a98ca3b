// Operators that return their input as it is.

import type { Node } from '#src/onnx/ir/node'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import { floatValues } from '#src/onnx/tensor-values'
import { intConstant } from './constants.ts'
import type { NodeRule, RuleContext } from './pass.ts'
import { bypass, canBypass } from './sole-consumer.ts'

type NoOpTest = (node: Node, context: RuleContext) => boolean

const NO_OPS: Readonly<Record<string, NoOpTest>> = {
  Identity: () => true,
  Dropout: isInferenceDropout,
  Cast: castsToSameType,
  Reshape: keepsShape,
  Flatten: keepsShape,
  Expand: keepsShape,
  Transpose: (node) => node.ints('perm')?.every((axis, index) => axis === index) ?? false,
  Concat: (node) => node.inputs.length === 1,
  Sum: (node) => node.inputs.length === 1,
  Pad: (node) => intConstant(node.input(1))?.every((size) => size === 0) ?? false,
  Mul: (node, context) => keepsShape(node, context) && isAll(node, 1),
  Div: (node, context) => keepsShape(node, context) && isAll(node, 1),
  Add: (node, context) => keepsShape(node, context) && isAll(node, 0),
  Sub: (node, context) => keepsShape(node, context) && isAll(node, 0),
}

export const removeNoOps: NodeRule = {
  name: 'remove-no-ops',
  apply: (node, context) => {
    const test = node.is() ? NO_OPS[node.opType] : undefined
    const input = node.input(0)
    if (test === undefined || input === null || !test(node, context)) return 'unmatched'
    if (!canBypass(node, input)) return 'unmatched'
    bypass(node, input)
    return 'applied'
  },
}

/** Without its mask output, and with training mode absent or false, Dropout passes its input on. */
function isInferenceDropout(node: Node): boolean {
  const mask = node.output(1)
  if (mask !== null && (mask.uses.size > 0 || mask.isGraphOutput)) return false
  const mode = node.input(2)
  return mode === null || intConstant(mode)?.[0] === 0
}

function castsToSameType(node: Node, { facts }: RuleContext): boolean {
  const input = node.input(0)
  const type = input === null ? null : facts.type(input)
  if (type?.kind !== 'tensor' || type.dtype === 'none') return false
  return DATA_TYPES[type.dtype].code === node.int('to', 0)
}

function keepsShape(node: Node, { facts }: RuleContext): boolean {
  const [input, output] = [node.input(0), node.output(0)]
  const from = input === null ? null : facts.type(input)
  const to = output === null ? null : facts.type(output)
  if (from?.kind !== 'tensor' || to?.kind !== 'tensor') return false
  if (from.shape === null || to.shape?.length !== from.shape.length) return false
  return from.shape.every((dim, axis) => dim !== null && dim === to.shape?.[axis])
}

function isAll(node: Node, element: number): boolean {
  const tensor = node.input(1)?.constant ?? null
  if (tensor === null || DATA_TYPES[tensor.dtype].family !== 'float') return false
  return floatValues(tensor).every((value) => value === element)
}
