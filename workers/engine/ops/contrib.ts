// Operators of com.microsoft that the runtime's own optimizer and exporters write.

import { geluOfErf, geluOfTanh, quickGelu } from './activation.ts'
import { elementwiseUnary } from './elementwise-unary.ts'
import type { GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import type { OpTable } from './op.ts'

const fastGelu: GradientRecipe = (g, call) =>
  call.has(1) ? refuse(call, 'it has a bias') : geluOfTanh(g, call)

export const CONTRIB_OPS: OpTable = {
  FastGelu: elementwiseUnary(fastGelu),
  Gelu: elementwiseUnary(geluOfErf),
  QuickGelu: elementwiseUnary(quickGelu),
}
