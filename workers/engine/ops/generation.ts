// Operators that make tensors from shapes, ranges and chance: nothing real to differentiate by.

import type { AxesRule } from './axis-context.ts'
import type { OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'
import { outputShape } from './pass-axes.ts'

const freshAxes: AxesRule = (context) => {
  for (const [axis, size] of outputShape(context, 0).entries()) {
    context.output(0, axis, context.fresh(size))
  }
  context.rewrite({ kind: 'shape', input: 0 })
}

export const GENERATION_OPS: OpTable = {
  ConstantOfShape: { ...OPAQUE, axes: freshAxes, gradient: 'zero' },
  ...sameRule(['Bernoulli', 'RandomNormalLike', 'RandomUniformLike'], {
    ...OPAQUE,
    axes: 'same',
    gradient: 'zero',
  }),
  ...sameRule(['Constant', 'EyeLike', 'Multinomial', 'RandomNormal', 'RandomUniform', 'Range'], {
    ...OPAQUE,
    gradient: 'zero',
  }),
}
