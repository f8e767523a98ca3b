// Vectors with one entry per index of an axis: scales, zero points, biases. A single number belongs to the whole axis.

import type { AxisContext, AxisLabels } from './axis-context.ts'
import { inputShape } from './pass-axes.ts'

/** Ties the last axis of each of the inputs to the labels. */
export function tieVectorInputs(
  context: AxisContext,
  inputs: readonly number[],
  labels: AxisLabels,
): void {
  for (const index of inputs) {
    const size = inputShape(context, index).at(-1)
    if (size === undefined || size === 1) continue
    if (size === labels.size) context.tie(context.input(index, -1), labels)
    else context.freeze(labels, `input ${index} has another size`)
  }
}
