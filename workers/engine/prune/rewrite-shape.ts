// Lists of sizes once axes are shorter: what makes a shape is scaled down, what tells one is scaled back up, so that all shape
// arithmetic in between goes on with the sizes as they were.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { intValues } from '#src/onnx/tensor-values'
import { fromFront } from '../ops/pass-axes.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Removal } from './remove-indices.ts'

/** An axis before and after. */
interface Change {
  readonly before: number
  readonly after: number
}

function changesOf({ trace, kept }: Removal, value: Value | null): Change[] {
  const axes = value === null ? [] : trace.axesOf(value)
  return axes.map((labels) => ({ before: labels.size, after: kept.count(labels) }))
}

function isChanged({ before, after }: Change): boolean {
  return before !== after
}

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
    node.setInput(input, scaleComputed(removal, node, operand, own))
    return
  }
  const inputs = changesOf(removal, node.input(0))
  const sizes = intValues(constant).map((size, axis) => {
    const change = own[axis]
    if (change === undefined || !isChanged(change)) return size
    if (size > 1) return Math.round((size * change.after) / change.before)
    if (size !== 0 || !node.is('Reshape')) return size
    // 0 copies the size of the input's axis.
    const copied = inputs[axis]
    return copied?.after === change.after && copied.before === change.before ? 0 : change.after
  })
  editor.giveIntegers(node, input, sizes)
}

/** size · after ÷ before. Entries that are no size stay: −1 asks for the rest, 0 copies, 1 leaves an axis of Expand as it is. */
function scaleComputed(
  { editor }: Removal,
  node: Node,
  sizes: Value,
  changes: readonly Change[],
): Value {
  const reduced = changes.map(reduce)
  const after = editor.integers(
    `${labelOf(node)}_after`,
    reduced.map((change) => change.after),
  )
  const before = editor.integers(
    `${labelOf(node)}_before`,
    reduced.map((change) => change.before),
  )
  const product = editor.before(node, 'Mul', [sizes, after])
  const scaled = editor.before(node, 'Div', [product, before])
  const two = editor.integers(`${labelOf(node)}_two`, [2])
  const isNoSize = editor.before(node, 'Less', [sizes, two])
  return editor.before(node, 'Where', [isNoSize, sizes, scaled])
}

function reduce({ before, after }: Change): Change {
  let [divisor, rest] = [before, after]
  while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  return { before: before / divisor, after: after / divisor }
}

/** What Shape and Size tell is multiplied back to what it was. */
export function restoreSizes(removal: Removal, node: Node): void {
  const { editor } = removal
  const output = node.output(0)
  if (output === null) return
  const all = changesOf(removal, node.input(0))
  const told = node.is('Size') ? [productOf(all)] : sliceOf(node, all)
  if (!told.some(isChanged)) return
  const reduced = told.map(reduce)
  editor.replaceReaders(output, (value) => {
    const before = editor.integers(
      `${labelOf(node)}_before`,
      reduced.map((change) => change.before),
    )
    const after = editor.integers(
      `${labelOf(node)}_after`,
      reduced.map((change) => change.after),
    )
    const product = editor.after(node, 'Mul', [value, before])
    return editor.after(product.producer ?? node, 'Div', [product, after])
  })
}

function productOf(changes: readonly Change[]): Change {
  return {
    before: changes.reduce((size, { before }) => size * before, 1),
    after: changes.reduce((size, { after }) => size * after, 1),
  }
}

/** Shape tells the axes from `start` to `end`, both of which may be negative. */
function sliceOf(node: Node, changes: readonly Change[]): Change[] {
  const rank = changes.length
  const start = fromFront(node.int('start', 0), rank)
  const end = fromFront(node.int('end', rank), rank)
  return changes.slice(Math.max(0, start), Math.max(0, end))
}
