// Gradients of convolutions, as convolutions.

import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import { elementCount } from '#src/onnx/ir/value-type'
import { blockedWeightGradient } from './blocked-weight-gradient.ts'
import { convWeightTaps } from './conv-weight-taps.ts'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import type { Window } from './window.ts'
import { extent, padsOf, transposedWindowOf, windowOf } from './window.ts'

function kernelOf(call: GradientCall): number[] {
  const shape = call.shape(call.x(1))?.slice(2)
  const isKnown = shape?.every((size) => typeof size === 'number') ?? false
  return isKnown ? (shape as number[]) : refuse(call, 'the kernel size is not known')
}

function windowAttributes(window: Window, group: number) {
  return [
    intsAttribute('strides', window.strides),
    intsAttribute('dilations', window.dilations),
    intsAttribute('pads', padsOf(window)),
    intAttribute('group', group),
  ]
}

/** Below so many channels of the input the transposed convolution is as fast. */
const FEW_CHANNELS = 16

/** The other way round in space, and with inputs and outputs changing places unless each channel is by itself. */
function turnedWeight(g: GradientBuilder, weight: Value, window: Window, group: number): Value {
  const axes = window.kernel.map((_, axis) => axis + 2)
  const back = axes.map(() => -1)
  const lowest = axes.map(() => Number.MIN_SAFE_INTEGER)
  const isPoint = window.kernel.every((size) => size === 1)
  const flipped = isPoint
    ? weight
    : g.op('Slice', [weight, g.ints(back), g.ints(lowest), g.ints(axes), g.ints(back)])
  return group === 1 ? g.transpose(flipped, [1, 0, ...axes]) : flipped
}

/** Whether a plain convolution gives the gradient of the input, and does so faster: with stride 1, dense of many channels or one by one. */
function isPlainBackwards(
  g: GradientBuilder,
  input: Value,
  window: Window,
  group: number,
): boolean {
  const channels = g.shape(input)?.[1]
  const reaches = window.kernel.every((_, axis) => {
    const beyond = extent(window, axis) - 1
    return (window.begin[axis] ?? 0) <= beyond && (window.end[axis] ?? 0) <= beyond
  })
  if (typeof channels !== 'number' || !reaches) return false
  if (window.strides.some((stride) => stride !== 1)) return false
  return group === 1 ? channels >= FEW_CHANNELS : group === channels
}

/**
 * Gradient of the input of a convolution: ConvTranspose with the same weight, or a convolution with the weight turned round. The stride leaves the input's last
 * (H + pads − extent) mod stride rows without a window; `output_padding` gives them back. Where H is not known, the output is
 * made long enough and cut.
 */
export function convInputGradient(
  g: GradientBuilder,
  dy: Value,
  weight: Value,
  input: Value,
  window: Window,
  group: number,
): Value {
  const outputs = g.shape(weight)?.[0]
  const isOneByOne = group === 1 || outputs === group
  if (isOneByOne && isPlainBackwards(g, input, window, group)) {
    const beyond = window.kernel.map((_, axis) => extent(window, axis) - 1)
    const begin = beyond.map((size, axis) => size - (window.begin[axis] ?? 0))
    const end = beyond.map((size, axis) => size - (window.end[axis] ?? 0))
    const backwards = windowAttributes({ ...window, begin, end }, group)
    return g.op('Conv', [dy, turnedWeight(g, weight, window, group)], backwards)
  }
  const sizes = g.shape(input)?.slice(2) ?? []
  let isCut = false
  const padding = window.strides.map((stride, axis) => {
    const size = sizes[axis]
    if (stride === 1) return 0
    if (typeof size !== 'number') {
      isCut = true
      return stride - 1
    }
    const pads = (window.begin[axis] ?? 0) + (window.end[axis] ?? 0)
    return (size + pads - extent(window, axis)) % stride
  })
  const attributes = [...windowAttributes(window, group), intsAttribute('output_padding', padding)]
  const full = g.op('ConvTranspose', [dy, weight], attributes)
  if (!isCut) return full
  const axes = window.kernel.map((_, axis) => axis + 2)
  const ends = g.op('Shape', [input], [intAttribute('start', 2)])
  return g.op('Slice', [full, g.ints(axes.map(() => 0)), ends, g.ints(axes)])
}

/**
 * Gradient of the weight [M, C/g, k…] of a convolution of `input` [N, C, …] with output gradient `dy` [N, M, …]: a
 * convolution whose batch is C/g and whose summed channels are N, stride and dilation changing places.
 */
export function convWeightGradient(
  g: GradientBuilder,
  dy: Value,
  input: Value,
  window: Window,
  group: number,
): Value {
  const spatial = window.kernel.map((_, axis) => axis + 2)
  const byChannel =
    group === 1 ? g.transpose(input, [1, 0, ...spatial]) : groupsOfInputs(g, input, group, spatial)
  const byOutput = g.transpose(dy, [1, 0, ...spatial])
  const turned = { ...window, strides: window.dilations, dilations: window.strides }
  const product = g.op('Conv', [byChannel, byOutput], windowAttributes(turned, group))
  const zeros = window.kernel.map(() => 0)
  const isLoose = window.strides.some((stride) => stride > 1)
  const cut = isLoose ? g.slice(product, zeros, window.kernel, spatial) : product
  return g.transpose(cut, [1, 0, ...spatial])
}

/** [N, g·K, …] as [K, g·N, …]. */
function groupsOfInputs(
  g: GradientBuilder,
  value: Value,
  group: number,
  spatialAxes: readonly number[],
): Value {
  const concat = (parts: Value[]) => g.op('Concat', parts, [intAttribute('axis', 0)])
  const batch = g.op('Shape', [value], [intAttribute('end', 1)])
  const spatial = g.op('Shape', [value], [intAttribute('start', 2)])
  const grouped = g.op('Reshape', [value, concat([batch, g.ints([group, -1]), spatial])])
  const channels = g.op('Shape', [grouped], [intAttribute('start', 2), intAttribute('end', 3)])
  const turned = g.transpose(grouped, [2, 1, 0, ...spatialAxes.map((axis) => axis + 1)])
  return g.op('Reshape', [turned, concat([channels, g.ints([-1]), spatial])])
}

/** So many times as many results of a sample as elements that one product over all samples has to move. */
const MANY_RESULTS = 4

/** Whether the results of every sample, M·C, are far more than what goes into them, (M + C)·P. */
function hasManyResults(g: GradientBuilder, input: Value, weight: Value): boolean {
  const places = elementCount(g.shape(input)?.slice(2) ?? null)
  const [outputs, channels] = g.shape(weight) ?? []
  if (places === null || typeof outputs !== 'number' || typeof channels !== 'number') return false
  return outputs * channels > MANY_RESULTS * places * (outputs + channels)
}

/**
 * A 1×1 convolution is a matrix product per image: Σ over N of dY [M, P] · Xᵀ [P, C]. On few places one product over all images,
 * whose sum is inside: the sum over N moves N·M·C elements.
 */
function pointwiseWeightGradient(
  g: GradientBuilder,
  dy: Value,
  input: Value,
  weight: Value,
): Value {
  const flat = g.ints([0, 0, -1])
  const rows = g.op('Reshape', [dy, flat])
  if (hasManyResults(g, input, weight)) {
    const joined = (value: Value) =>
      g.op('Flatten', [g.transpose(value, [1, 0, 2])], [intAttribute('axis', 1)])
    const operands = [joined(rows), joined(g.op('Reshape', [input, flat]))]
    return g.reshapeLike(g.op('Gemm', operands, [intAttribute('transB', 1)]), weight)
  }
  const columns = g.transpose(g.op('Reshape', [input, flat]), [0, 2, 1])
  return g.reshapeLike(g.reduceSum(g.matmul(rows, columns), [0], false), weight)
}

function isPointwise(window: Window, group: number): boolean {
  const { kernel, strides, begin, end } = window
  const isPlain = [...begin, ...end].every((pad) => pad === 0)
  return group === 1 && isPlain && [...kernel, ...strides].every((size) => size === 1)
}

function biasGradient(g: GradientBuilder, dy: Value, window: Window): Value {
  return g.reduceSum(dy, [0, ...window.kernel.map((_, axis) => axis + 2)], false)
}

export const convGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const [x, weight] = [call.x(0), call.x(1)]
  const window = windowOf(call, kernelOf(call), call.shape(x))
  const group = call.node.int('group', 1)
  const dx = () => convInputGradient(g, dy, weight, x, window, group)
  const dw = () => {
    if (isPointwise(window, group)) return pointwiseWeightGradient(g, dy, x, weight)
    const blocked = blockedWeightGradient(g, dy, x, weight, { window, group })
    if (blocked !== null) return blocked
    const taps = convWeightTaps(g, dy, x, weight, { window, group })
    return taps ?? convWeightGradient(g, dy, x, window, group)
  }
  return [
    call.wants(0) ? dx() : null,
    call.wants(1) ? dw() : null,
    call.wants(2) ? biasGradient(g, dy, window) : null,
  ]
}

/** The transposed convolution is the gradient of a convolution: its own is that convolution, data and gradient swapped. */
export const convTransposeGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const [x, weight] = [call.x(0), call.x(1)]
  const window = transposedWindowOf(call, kernelOf(call))
  const group = call.node.int('group', 1)
  return [
    call.wants(0) ? g.op('Conv', [dy, weight], windowAttributes(window, group)) : null,
    call.wants(1) ? convWeightGradient(g, x, dy, window, group) : null,
    call.wants(2) ? biasGradient(g, dy, window) : null,
  ]
}
