// Resampling of images: Resize, Upsample, GridSample.

import type { Attribute } from '#src/onnx/ir/attribute'
import { floatAttribute, intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { AxesRule } from './axis-context.ts'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import type { OpRule, OpTable, RuleByAttribute } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'
import { fromFront, inputShape, outputShape } from './pass-axes.ts'

/** Attributes that say how a position of the output maps to the input. */
const INTERPOLATION = ['coordinate_transformation_mode', 'mode', 'nearest_mode']

function interpolation(call: GradientCall): Attribute[] {
  const { node } = call
  const kept = INTERPOLATION.flatMap((name) => node.attributes.get(name) ?? [])
  return [
    ...kept,
    floatAttribute('cubic_coeff_a', node.float('cubic_coeff_a', -0.75)),
    intAttribute('exclude_outside', node.int('exclude_outside', 0)),
    intAttribute('antialias', node.int('antialias', 0)),
  ]
}

function entry(g: GradientBuilder, list: Value, index: number): Value {
  return g.slice(list, [index], [index + 1], [0])
}

/** Resampling one axis is a matrix [H, O]: its rows are what resampling makes of the rows of the identity. */
function axisMatrix(g: GradientBuilder, call: GradientCall, axis: number, listed: number): Value {
  const x = call.x(0)
  const size = g.op('Shape', [x], [intAttribute('start', axis), intAttribute('end', axis + 1)])
  const concat = (parts: Value[]) => g.op('Concat', parts, [intAttribute('axis', 0)])
  const square = concat([size, size])
  const identity = g.op('EyeLike', [g.op('Expand', [g.scalar(0, x), square])])
  const plane = g.unsqueeze(identity, [0, 1])
  const attributes = interpolation(call)
  const one = g.op('Cast', [g.ints([1, 1, 1])], [intAttribute('to', 1)])
  const operands = call.has(2)
    ? [plane, null, concat([one, entry(g, call.x(2), listed)])]
    : [plane, null, null, concat([g.ints([1, 1]), size, entry(g, call.x(3), listed)])]
  return g.op('Squeeze', [g.op('Resize', operands, attributes), g.ints([0, 1])])
}

/** Every mode resamples axis by axis, so dx = dy times the transposed matrix of each axis that changes. */
const resizeGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const { node } = call
  const transform = node.string('coordinate_transformation_mode', 'half_pixel')
  if (transform === 'tf_crop_and_resize') refuse(call, 'it crops')
  const policy = node.string('keep_aspect_ratio_policy', 'stretch')
  if (policy !== 'stretch') refuse(call, `keep_aspect_ratio_policy ${policy}`)
  const x = call.x(0)
  const rank = call.rank(x)
  const listed = node.ints('axes') ?? [...Array(rank).keys()]
  const [before, after] = [call.shape(x), call.shape(call.y(0))]
  let gradient = dy
  for (const [index, given] of listed.entries()) {
    const axis = fromFront(given, rank)
    const size = before?.[axis]
    // Equal sizes: nothing is resampled. Batch and channel are not resampled even where a size is not known.
    if (size === after?.[axis] && size !== null && size !== undefined) continue
    if (axis < 2 && typeof size !== 'number') continue
    const perm = [...Array(rank).keys()]
    perm[axis] = rank - 1
    perm[rank - 1] = axis
    const matrix = g.transpose(axisMatrix(g, call, axis, index), [1, 0])
    gradient = g.transpose(g.matmul(g.transpose(gradient, perm), matrix), perm)
  }
  return [gradient]
}

/** An axis that keeps its size is not resampled. */
const resizeAxes: AxesRule = (context) => {
  const output = outputShape(context, 0)
  for (const [axis, size] of inputShape(context, 0).entries()) {
    const labels = context.input(0, axis)
    if (output[axis] === size) context.output(0, axis, labels)
    else context.freeze(labels, 'resampled')
  }
  const isListed = context.node.attributes.has('axes')
  if (context.node.input(3) !== null && !isListed) context.rewrite({ kind: 'shape', input: 3 })
}

const INTERPOLATED: OpRule = {
  macs: 'none',
  axes: resizeAxes,
  gradient: resizeGradient,
  quantization: 'float',
  affine: 'none',
}

const NEAREST: OpRule = { ...INTERPOLATED, quantization: 'carries' }

const RESIZE: RuleByAttribute = {
  attribute: 'mode',
  fallback: 'nearest',
  rules: { nearest: NEAREST, linear: INTERPOLATED, cubic: INTERPOLATED },
}

export const RESIZE_OPS: OpTable = {
  Resize: RESIZE,
  ...sameRule(['AffineGrid', 'GridSample', 'Upsample'], OPAQUE),
}
