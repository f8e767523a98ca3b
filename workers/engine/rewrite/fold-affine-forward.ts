// Mul by a constant in front of convolutions → folded into their weights; Add of one in front of unpadded ones → into their biases.
// Where a product is followed by a sum and padding forbids the latter, s·x + b becomes s·(x + b/s), so that the product folds.

import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { channelConstant, float32Constant } from './constants.ts'
import { inputChannels, isUnpadded, scaleInputs, shiftInputs } from './conv-input-scaling.ts'
import type { FreshNames } from './fresh-names.ts'
import type { NodeRule } from './pass.ts'
import { bypass, soleConsumer } from './sole-consumer.ts'

/** The smallest factor that a sum is divided by. */
const LEAST_FACTOR = 1e-3

export const foldAffineForward: NodeRule = {
  name: 'fold-affine-forward',
  apply: (node, { names }) => {
    if (!node.is('Mul', 'Add')) return 'unmatched'
    const operands = operandsOf(node)
    const readers = operands === null ? null : convolutionsBehind(node.output(0))
    const [first] = readers ?? []
    if (operands === null || readers === null || first === undefined) {
      return node.is('Mul') && operands !== null ? swap(node, operands, names) : 'unmatched'
    }
    const rank = first.input(1)?.constant?.dims.length ?? 0
    const values = channelConstant(operands.constant, inputChannels(first) ?? 0, rank)
    if (values === null || !values.every(Number.isFinite)) return 'unmatched'
    if (node.is('Mul')) {
      if (endsGelu(operands.variable)) return 'unmatched'
      for (const reader of readers) scaleInputs(reader, values, names)
    } else {
      const open = readers.every((reader) => isUnpadded(reader) && hasPlainBias(reader))
      if (!open) return 'unmatched'
      for (const reader of readers) shiftInputs(reader, values, names)
    }
    bypass(node, operands.variable)
    return 'applied'
  },
}

interface Operands {
  readonly variable: Value
  readonly constant: Value
}

function operandsOf(node: Node): Operands | null {
  const [left, right] = [node.input(0), node.input(1)]
  if (left === null || right === null) return null
  if (right.constant !== null && left.constant === null) return { variable: left, constant: right }
  if (left.constant !== null && right.constant === null) return { variable: right, constant: left }
  return null
}

/** All readers, when they are convolutions that read the value as data; `null` otherwise. */
function convolutionsBehind(value: Value | null): Node[] | null {
  if (value === null || value.isGraphOutput || value.uses.size === 0) return null
  const uses = [...value.uses]
  const isData = uses.every(({ node, index }) => {
    return index === 0 && inputChannels(node) !== null && node.graph === value.producer?.graph
  })
  return isData ? uses.map(({ node }) => node) : null
}

/**
 * x·(1 + erf(x/√2))·½, or the same of tanh: runtimes make one kernel of the whole, and several without the last factor (Hendrycks
 * and Gimpel 2016, arXiv 1606.08415).
 */
function endsGelu({ producer: product }: Value): boolean {
  if (product?.is('Mul') !== true) return false
  return product.inputs.some((factor) => {
    const sum = factor?.producer ?? null
    return sum?.is('Add') === true && sum.inputs.some((term) => term?.producer?.is('Erf', 'Tanh'))
  })
}

function hasPlainBias(node: Node): boolean {
  return node.input(2) === null || float32Constant(node.input(2)) !== null
}

/** Mul(x, s), then Add(·, b) in front of convolutions → Add(x, b/s), then Mul(·, s). One factor and one addend only. */
function swap(
  node: Node,
  { variable, constant }: Operands,
  names: FreshNames,
): 'applied' | 'unmatched' {
  const sum = soleConsumer(node.output(0))
  const addend = sum?.is('Add') && sum.graph === node.graph ? operandsOf(sum) : null
  const [factor, shift] = [onlyElement(constant), onlyElement(addend?.constant ?? null)]
  const readers = addend === null ? null : convolutionsBehind(sum?.output(0) ?? null)
  if (sum === null || node.graph === null || readers === null) return 'unmatched'
  // An unpadded convolution takes the sum as it is.
  const isNeeded = readers.some((reader) => !isUnpadded(reader))
  if (!isNeeded || factor === null || shift === null || Math.abs(factor) < LEAST_FACTOR) {
    return 'unmatched'
  }
  const output = sum.output(0)
  if (output === null) return 'unmatched'
  const quotient = Float32Array.of(shift / factor)
  const scaled = node.graph.addInitializer(
    typedTensor(names.make(`${constant.name}_shift`), 'float32', [1], quotient),
  )
  const added = makeNode('Add', [variable, scaled], [names.make(`${output.name}_shifted`)])
  const product = makeNode(
    'Mul',
    [added.output(0), constant],
    [names.make(`${output.name}_scaled`)],
  )
  added.name = sum.name
  product.name = node.name
  node.graph.insertBefore(added, sum)
  node.graph.insertBefore(product, sum)
  const result = product.output(0)
  if (result === null) return 'unmatched'
  bypass(sum, result)
  node.graph.remove(node)
  return 'applied'
}

function onlyElement(value: Value | null): number | null {
  const values = float32Constant(value)
  return values?.length === 1 ? (values[0] ?? null) : null
}
