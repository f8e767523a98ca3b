// Operators of com.microsoft that join a normalisation or an activation with the sum in front of it.

import { biasGelu } from './activation.ts'
import type { AxesRule } from './axis-context.ts'
import type { OpTable } from './op.ts'
import { OPAQUE } from './op.ts'
import { inputShape, outputShape } from './pass-axes.ts'
import { skipLayerNormGradient, skipRmsNormGradient } from './skip-norm-gradient.ts'
import { tieVectorInputs } from './vector-axes.ts'

/** The sum of inputs 0 and 1 is normalised over the last axis; the sum itself comes as output 3. */
const skipNormAxes =
  (vectors: readonly number[]): AxesRule =>
  (context) => {
    const rank = inputShape(context, 0).length
    const skip = inputShape(context, 1)
    for (let axis = 0; axis < rank; axis += 1) {
      const labels = context.input(0, axis)
      const other = axis - rank + skip.length
      if (other >= 0 && skip[other] !== 1) context.tie(labels, context.input(1, other))
      if (axis === rank - 1) context.normalized(labels)
      for (const output of context.node.outputs.keys()) {
        if (outputShape(context, output)[axis] === labels.size) context.output(output, axis, labels)
      }
      if (axis === rank - 1) tieVectorInputs(context, vectors, labels)
    }
  }

export const CONTRIB_NORM_OPS: OpTable = {
  BiasGelu: { ...OPAQUE, axes: 'same', gradient: biasGelu },
  SkipLayerNormalization: {
    ...OPAQUE,
    axes: skipNormAxes([2, 3, 4]),
    gradient: skipLayerNormGradient,
  },
  SkipSimplifiedLayerNormalization: {
    ...OPAQUE,
    axes: skipNormAxes([2, 3]),
    gradient: skipRmsNormGradient,
  },
}
