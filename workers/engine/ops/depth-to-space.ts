// DepthToSpace and SpaceToDepth: blocks of b × b elements move between channels and the plane.

import { intAttribute, stringAttribute } from '#src/onnx/ir/attribute'
import type { AxesRule, AxisContext } from './axis-context.ts'
import type { GradientRecipe } from './gradient-call.ts'
import type { OpTable } from './op.ts'
import { inputShape, passAxis } from './pass-axes.ts'

function freezePlane(context: AxisContext): void {
  for (const axis of inputShape(context, 0).keys()) {
    if (axis > 1) context.freeze(context.input(0, axis), 'spatial axis')
  }
  passAxis(context, 0)
}

/** Channels are (b·b, c) for DCR and (c, b·b) for CRD; a block is kept whole. */
const depthToSpaceAxes: AxesRule = (context) => {
  freezePlane(context)
  const channels = context.input(0, 1)
  const block = context.node.int('blocksize', 1) ** 2
  const isBlockLast = context.node.string('mode', 'DCR') === 'CRD'
  const count = channels.size / block
  const factors = context.split(channels, isBlockLast ? [count, block] : [block, count])
  const [kept, whole] = isBlockLast ? factors : factors.toReversed()
  if (kept === undefined || whole === undefined) return
  context.freeze(whole, 'a block of the plane')
  context.output(0, 1, kept)
}

/** Channels come out as (b·b, c): every channel b·b times. */
const spaceToDepthAxes: AxesRule = (context) => {
  freezePlane(context)
  const channels = context.input(0, 1)
  const block = context.node.int('blocksize', 1) ** 2
  context.output(0, 1, context.concat(Array.from({ length: block }, () => channels)))
}

/** DCR is undone by SpaceToDepth; CRD keeps (c, b, b) together, which takes a reshape and a transpose. */
const depthToSpaceGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const block = call.node.int('blocksize', 1)
  const size = intAttribute('blocksize', block)
  if (call.node.string('mode', 'DCR') === 'DCR') return [g.op('SpaceToDepth', [dy], [size])]
  const x = call.x(0)
  const axisOf = (value: typeof x, axis: number) =>
    g.op('Shape', [value], [intAttribute('start', axis), intAttribute('end', axis + 1)])
  const parts = [
    axisOf(x, 0),
    axisOf(dy, 1),
    axisOf(x, 2),
    g.ints([block]),
    axisOf(x, 3),
    g.ints([block]),
  ]
  const apart = g.op('Reshape', [dy, g.op('Concat', parts, [intAttribute('axis', 0)])])
  return [g.reshapeLike(g.transpose(apart, [0, 1, 3, 5, 2, 4]), x)]
}

const spaceToDepthGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const size = intAttribute('blocksize', call.node.int('blocksize', 1))
  return [g.op('DepthToSpace', [dy], [size, stringAttribute('mode', 'DCR')])]
}

export const DEPTH_TO_SPACE_OPS: OpTable = {
  DepthToSpace: {
    macs: 'none',
    axes: depthToSpaceAxes,
    gradient: depthToSpaceGradient,
    quantization: 'carries',
    affine: 'none',
  },
  SpaceToDepth: {
    macs: 'none',
    axes: spaceToDepthAxes,
    gradient: spaceToDepthGradient,
    quantization: 'float',
    affine: 'none',
  },
}
