// Lists of sizes that make a shape, once axes are shorter: they are scaled down.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { intValues } from '#src/onnx/tensor-values'
import { labelOf } from '../rewrite/pass.ts'
import type { SizeChange } from './size-change.ts'
import { changesOf, isChanged, reduced } from './size-change.ts'
import type { Removal } from './remove-indices.ts'

/** Entries that stand for changed axes of the output; a shorter list is aligned from the right (Expand). */
export function rewriteShape(removal: Removal, node: Node, input: number): void {
  const { trace, editor } = removal
  const changes = changesOf(removal, node.output(0))
  if (!changes.some(isChanged)) return
  const operand = node.input(input)
  if (operand === null) throw new Error(`${node.describe()} has no list of sizes`)
  const length = trace.shape(operand)?.[0] ?? changes.length
  const own = changes.slice(changes.length - length)
  const constant = trace.constant(operand)
  if (constant === null) {
    node.setInput(input, scaleJoined(removal, node, operand, own))
    return
  }
  const inputs = changesOf(removal, node.input(0))
  const sizes = intValues(constant).map((size, axis) => {
    const change = own[axis]
    if (change === undefined || !isChanged(change)) return size
    if (size > 1) return scaledSize(size, change)
    if (size !== 0 || !node.is('Reshape')) return size
    // 0 copies the size of the input's axis.
    const copied = inputs[axis]
    return copied?.after === change.after && copied.before === change.before ? 0 : change.after
  })
  editor.giveIntegers(node, input, sizes)
}

/** Lists that are joined of parts: each by itself, so that shape arithmetic around it can still be folded. */
function scaleJoined(
  removal: Removal,
  node: Node,
  sizes: Value,
  changes: readonly SizeChange[],
): Value {
  const { trace, editor } = removal
  const { producer } = sizes
  const parts =
    producer?.is('Concat') === true ? producer.inputs.filter((part) => part !== null) : []
  const lengths = parts.map((part) => trace.shape(part)?.[0] ?? Number.NaN)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  if (total !== changes.length) return scaleComputed(removal, node, sizes, changes)
  let start = 0
  const scaled = parts.map((part, at) => {
    const own = changes.slice(start, start + (lengths[at] ?? 0))
    start += own.length
    if (!own.some(isChanged)) return part
    const constant = trace.constant(part)
    if (constant === null) return scaleComputed(removal, node, part, own)
    const values = intValues(constant).map((size, index) => scaledSize(size, own[index]))
    return editor.integers(`${labelOf(node)}_sizes`, values)
  })
  return editor.before(node, 'Concat', scaled, [intAttribute('axis', 0)])
}

function scaledSize(size: number, change: SizeChange | undefined): number {
  return size > 1 && change !== undefined ? Math.round((size * change.after) / change.before) : size
}

/** size · after ÷ before. Entries that are no size stay: −1 asks for the rest, 0 copies, 1 leaves an axis of Expand as it is. */
function scaleComputed(
  { editor }: Removal,
  node: Node,
  sizes: Value,
  changes: readonly SizeChange[],
): Value {
  const scales = changes.map(reduced)
  const after = editor.integers(
    `${labelOf(node)}_after`,
    scales.map((change) => change.after),
  )
  const before = editor.integers(
    `${labelOf(node)}_before`,
    scales.map((change) => change.before),
  )
  const product = editor.before(node, 'Mul', [sizes, after])
  const scaled = editor.before(node, 'Div', [product, before])
  const two = editor.integers(`${labelOf(node)}_two`, [2])
  const isNoSize = editor.before(node, 'Less', [sizes, two])
  return editor.before(node, 'Where', [isNoSize, sizes, scaled])
}
