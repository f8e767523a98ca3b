// A channel shuffle: Reshape, Transpose, Reshape that only permute one axis become a Gather. Followed as products, the factors of the
// shuffle would tie channels that have nothing to do with each other.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { Pass } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { soleConsumer } from '../rewrite/sole-consumer.ts'
import { GraphEditor } from '../rewrite/graph-editor.ts'
import type { ObservedShapes } from './observed-shapes.ts'
import { observeShapes, sizesOf } from './observed-shapes.ts'

interface Shuffle {
  readonly axis: number
  /** Where each index of the output comes from. */
  readonly order: readonly number[]
}

export const shuffleToGather: Pass = {
  name: 'shuffle-to-gather',
  run: (model: Model) => {
    const shapes = observeShapes(model)
    const editor = new GraphEditor(model)
    let applied = 0
    for (const node of Array.from(model.graph.nodes())) {
      const chain = chainFrom(node)
      const input = node.input(0)
      const output = chain?.last.output(0) ?? null
      if (chain === null || input === null || output === null || node.graph === null) continue
      const shuffle = shuffleOf(shapes, node, chain)
      if (shuffle === null) continue
      const indices = editor.integers(`${labelOf(node)}_order`, shuffle.order)
      const name = editor.name(`${labelOf(node)}_shuffled`)
      const attributes = [intAttribute('axis', shuffle.axis)]
      const gather = makeNode('Gather', [input, indices], [name], attributes)
      node.graph.insertAfter(gather, chain.last)
      const shuffled = gather.output(0)
      if (shuffled !== null) node.graph.replaceUses(output, shuffled)
      applied += 1
    }
    return { applied, declined: [] }
  },
}

interface Chain {
  readonly transpose: Node
  readonly last: Node
}

function chainFrom(node: Node): Chain | null {
  if (!node.is('Reshape')) return null
  const transpose = soleConsumer(node.output(0))
  if (transpose?.is('Transpose') !== true) return null
  const last = soleConsumer(transpose.output(0))
  return last?.is('Reshape') === true && last.input(0) === transpose.output(0)
    ? { transpose, last }
    : null
}

/** `null` unless input and output have one shape and one axis alone is cut into two factors that change places. */
function shuffleOf(shapes: ObservedShapes, node: Node, { transpose, last }: Chain): Shuffle | null {
  const [input, cut, output] = [node.input(0), node.output(0), last.output(0)].map((value) =>
    value === null ? null : sizesOf(shapes.types, value),
  )
  const perm = transpose.ints('perm')
  if (!input || !cut || !output || perm === null) return null
  if (input.join() !== output.join() || cut.length !== input.length + 1) return null
  const axis = perm.findIndex((from, at) => from !== at)
  const [major, minor] = [cut[axis] ?? 0, cut[axis + 1] ?? 0]
  const swapped = perm.every((from, at) => {
    if (at === axis) return from === axis + 1
    return at === axis + 1 ? from === axis : from === at
  })
  const isCut =
    [...cut.slice(0, axis), major * minor, ...cut.slice(axis + 2)].join() === input.join()
  if (axis < 0 || !swapped || !isCut || !isFixed(shapes, node.input(0), axis)) return null
  const order = Array.from({ length: major * minor }, (_, index) => {
    return (index % major) * minor + Math.floor(index / major)
  })
  return { axis, order }
}

/** An order for one batch would be wrong for another. */
function isFixed({ always }: ObservedShapes, value: Value | null, axis: number): boolean {
  const type = value === null ? null : always.type(value)
  return type?.kind === 'tensor' && typeof type.shape?.[axis] === 'number'
}
