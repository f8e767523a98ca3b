// Elementwise operators: axes are aligned from the right, operands of size 1 are repeated.

import type { AxisContext, AxisLabels } from '../ops/axis-context.ts'
import { inputShape, outputShape } from '../ops/pass-axes.ts'

export function sameAxes(context: AxisContext): void {
  const { node } = context
  const outputs = [...node.outputs.keys()].filter((index) => node.output(index) !== null)
  const rank = Math.max(...outputs.map((index) => outputShape(context, index).length))
  for (let axis = 0; axis < rank; axis += 1) {
    const labels: AxisLabels[] = []
    for (const index of node.inputs.keys()) {
      const shape = inputShape(context, index)
      const place = axis - rank + shape.length
      if (place >= 0 && shape[place] !== 1) labels.push(context.input(index, place))
    }
    const [first] = labels
    if (first === undefined) continue
    for (const other of labels.slice(1)) context.tie(first, other)
    for (const index of outputs) context.output(index, axis, first)
  }
}
