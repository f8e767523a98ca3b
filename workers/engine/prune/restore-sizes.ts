// What Shape and Size tell once axes are shorter: it is multiplied back to what it was, so that all shape arithmetic goes on with the
// sizes as they were. Readers that pick sizes which are the same read them as they are, so that they can still be folded.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { makeTensor } from '#src/onnx/make-tensor'
import { intValues } from '#src/onnx/tensor-values'
import { fromFront } from '../ops/pass-axes.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Removal } from './remove-indices.ts'
import type { SizeChange } from './size-change.ts'
import { changesOf, isChanged, reduced } from './size-change.ts'

export function restoreSizes(removal: Removal, node: Node): void {
  const output = node.output(0)
  if (output === null) return
  const all = changesOf(removal, node.input(0))
  const told = node.is('Size') ? [productOf(all)] : sliceOf(node, all)
  if (!told.some(isChanged)) return
  const others: { readonly node: Node; readonly index: number }[] = []
  for (const use of output.uses) {
    const picked = use.index === 0 ? pickedBy(use.node, told) : null
    if (picked === null) others.push(use)
    else if (picked.sizes.some(isChanged)) restoreBehind(removal, use.node, picked)
  }
  if (others.length === 0) return
  const restored = scaledBack(removal, node, output, { sizes: told, dims: dimsOf(node, told) })
  for (const { node: reader, index } of others) reader.setInput(index, restored)
}

/** Sizes as a tensor. */
interface Sizes {
  readonly sizes: readonly SizeChange[]
  readonly dims: readonly number[]
}

/** Size tells a number, Shape a list. */
function dimsOf(node: Node, sizes: readonly SizeChange[]): number[] {
  return node.is('Size') ? [] : [sizes.length]
}

/** Which of them a Gather takes; `null` for other readers. */
function pickedBy(node: Node, told: readonly SizeChange[]): Sizes | null {
  const places = node.is('Gather') ? (node.input(1)?.constant ?? null) : null
  if (places === null || node.output(0)?.isGraphOutput !== false) return null
  const sizes = intValues(places).flatMap((place) => told[fromFront(place, told.length)] ?? [])
  return { sizes, dims: places.dims }
}

function restoreBehind(removal: Removal, node: Node, picked: Sizes): void {
  const output = node.output(0)
  if (output === null) return
  removal.editor.replaceReaders(output, (value) => scaledBack(removal, node, value, picked))
}

/** value · before ÷ after, behind the node. */
function scaledBack({ trace, editor }: Removal, node: Node, value: Value, told: Sizes): Value {
  const scales = told.sizes.map(reduced)
  const constant = (name: string, numbers: readonly number[]): Value => {
    const tensor = makeTensor(editor.name(`${labelOf(node)}_${name}`), 'int64', told.dims, numbers)
    return trace.model.graph.addInitializer(tensor)
  }
  const before = scales.map((scale) => scale.before)
  const after = scales.map((scale) => scale.after)
  const product = editor.after(node, 'Mul', [value, constant('before', before)])
  return editor.after(product.producer ?? node, 'Div', [product, constant('after', after)])
}

function productOf(changes: readonly SizeChange[]): SizeChange {
  return {
    before: changes.reduce((size, { before }) => size * before, 1),
    after: changes.reduce((size, { after }) => size * after, 1),
  }
}

/** Shape tells the axes from `start` to `end`, both of which may be negative. */
function sliceOf(node: Node, changes: readonly SizeChange[]): SizeChange[] {
  const rank = changes.length
  const start = fromFront(node.int('start', 0), rank)
  const end = fromFront(node.int('end', rank), rank)
  return changes.slice(Math.max(0, start), Math.max(0, end))
}
