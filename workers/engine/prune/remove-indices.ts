// Takes the removed indices out of a traced model: out of constants, attributes, lists of sizes, bounds and positions.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { tensorType } from '#src/onnx/ir/value-type'
import { intValues } from '#src/onnx/tensor-values'
import type { Rewrite } from '../ops/axis-context.ts'
import { fromFront } from '../ops/pass-axes.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { Labels } from './axis-algebra.ts'
import { GraphEditor } from '../rewrite/graph-editor.ts'
import type { KeptIndices } from './kept-indices.ts'
import { rewriteBounds } from './rewrite-bounds.ts'
import { restoreSizes } from './restore-sizes.ts'
import { rewriteShape } from './rewrite-shape.ts'
import { sliceTensor } from './slice-tensor.ts'
import type { AxisTrace } from './trace-axes.ts'

/** What every rewrite works with. */
export interface Removal {
  readonly trace: AxisTrace
  readonly kept: KeptIndices
  readonly editor: GraphEditor
}

/** Changes the traced model in place. */
export function removeIndices(trace: AxisTrace, kept: KeptIndices): void {
  const removal: Removal = { trace, kept, editor: new GraphEditor(trace.model) }
  for (const { node, rewrite } of trace.rewrites) applyRewrite(removal, node, rewrite)
  for (const [value, axes] of trace.tensors()) sliceConstant(value, axes, kept)
  forgetShapes(trace)
  sweepDeadCode(trace.model)
}

function sliceConstant(value: Value, axes: readonly Labels[], kept: KeptIndices): void {
  const { initializer, graph } = value
  if (initializer?.kind !== 'tensor' || axes.every((labels) => kept.isWhole(labels))) return
  const positions = axes.map((labels) => (kept.isWhole(labels) ? 'all' : kept.of(labels)))
  const sliced = sliceTensor(initializer, positions)
  value.type = tensorType(sliced.dtype, sliced.dims)
  graph?.setInitializer(value, sliced)
}

/** Declared shapes of inner values are those of before. */
function forgetShapes({ model }: AxisTrace): void {
  model.graph.valueInfo.splice(0)
  for (const node of model.graph.nodes()) {
    for (const output of node.outputs) {
      if (output !== null && !output.isGraphOutput) output.type = null
    }
  }
}

function own(labels: { readonly size: number }): Labels {
  if (labels instanceof Labels) return labels
  throw new TypeError('labels of another algebra')
}

function applyRewrite(removal: Removal, node: Node, rewrite: Rewrite): void {
  const { kept, editor } = removal
  switch (rewrite.kind) {
    case 'count': {
      const axis = own(rewrite.axis)
      if (kept.isWhole(axis)) return
      node.attributes.set(rewrite.attribute, intAttribute(rewrite.attribute, kept.count(axis)))
      return
    }
    case 'sizes': {
      const parts = rewrite.parts.map(own)
      if (parts.every((part) => kept.isWhole(part))) return
      // Since opset 18 a Split says either its sizes or how many parts there are.
      node.attributes.delete('num_outputs')
      editor.giveIntegers(
        node,
        rewrite.input,
        parts.map((part) => kept.count(part)),
      )
      return
    }
    case 'indices':
      return rewriteIndices(removal, node, rewrite.input, own(rewrite.axis))
    case 'pads': {
      const ends = [own(rewrite.before), own(rewrite.after)] as const
      return rewritePads(removal, node, rewrite.axis, ends)
    }
    case 'bounds':
      return rewriteBounds(removal, node, rewrite.axis, rewrite.picks)
    case 'shape':
      return rewriteShape(removal, node, rewrite.input)
    case 'restore':
      return restoreSizes(removal, node)
  }
}

function rewriteIndices({ trace, kept, editor }: Removal, node: Node, input: number, axis: Labels) {
  if (kept.isWhole(axis)) return
  const operand = node.input(input)
  const constant = operand === null ? null : trace.constant(operand)
  if (constant === null) throw new Error(`${node.describe()} has computed indices`)
  const places = kept.places(axis)
  const indices = intValues(constant).flatMap(
    (index) => places.get(fromFront(index, axis.size)) ?? [],
  )
  editor.giveIntegers(node, input, indices)
}

function rewritePads(
  { trace, kept, editor }: Removal,
  node: Node,
  axis: number,
  ends: readonly [Labels, Labels],
): void {
  if (ends.every((end) => kept.isWhole(end))) return
  const [pads, listed] = [1, 3].map((index) => {
    const operand = node.input(index)
    const constant = operand === null ? null : trace.constant(operand)
    return constant === null ? null : intValues(constant)
  })
  if (pads === null || pads === undefined) throw new Error(`${node.describe()} has computed pads`)
  const rank = pads.length / 2
  const place = listed?.findIndex((one) => fromFront(one, rank) === axis) ?? axis
  ends.forEach((end, side) => {
    pads[place + side * rank] = kept.count(end)
  })
  editor.giveIntegers(node, 1, pads)
}
