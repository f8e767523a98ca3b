// The sliding window of convolution and pooling, with the padding as numbers.

import type { Node } from '#src/onnx/ir/node'
import type { Shape } from '#src/onnx/ir/value-type'
import type { GradientCall } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'

/** One entry per spatial axis. */
export interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly begin: readonly number[]
  readonly end: readonly number[]
}

/** Positions from the first to the last element that the dilated kernel covers, both included. */
export function extent(window: Window, axis: number): number {
  return ((window.kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1
}

/** Places along an axis of the result, of `size` in the input. */
export function placesOf(window: Window, size: number, axis: number): number {
  const beyond = paddedSize(window, size, axis) - extent(window, axis)
  return Math.floor(beyond / (window.strides[axis] ?? 1)) + 1
}

/** Places at the end, padding included, that no window reaches. */
export function looseEnd(window: Window, size: number, axis: number): number {
  return (paddedSize(window, size, axis) - extent(window, axis)) % (window.strides[axis] ?? 1)
}

function paddedSize({ begin, end }: Window, size: number, axis: number): number {
  return size + (begin[axis] ?? 0) + (end[axis] ?? 0)
}

export function padsOf(window: Window): number[] {
  return [...window.begin, ...window.end]
}

function sizeAt(call: GradientCall, shape: Shape, axis: number): number {
  const size = shape?.[axis + 2]
  return typeof size === 'number' ? size : refuse(call, `size of axis ${axis + 2} is not known`)
}

function isSame(node: Node): boolean {
  return node.string('auto_pad', 'NOTSET').startsWith('SAME')
}

/** `total` padding in two: the odd one goes to the end for SAME_UPPER and to the begin for SAME_LOWER. */
function halves(total: number, oddAtEnd: boolean): [number, number] {
  const small = Math.floor(total / 2)
  return oddAtEnd ? [small, total - small] : [total - small, small]
}

/** The window of Conv and pooling over an input of this shape. @throws GradientRefusal when SAME meets unknown sizes */
export function windowOf(call: GradientCall, kernel: readonly number[], shape: Shape): Window {
  const { node } = call
  const ones = kernel.map(() => 1)
  const strides = node.ints('strides') ?? ones
  const dilations = node.ints('dilations') ?? ones
  const pads = node.ints('pads') ?? kernel.flatMap(() => [0, 0])
  const base = { kernel, strides, dilations }
  if (!isSame(node)) {
    const explicit = node.string('auto_pad', 'NOTSET') === 'VALID' ? pads.map(() => 0) : pads
    const begin = explicit.slice(0, kernel.length)
    return { ...base, begin, end: explicit.slice(kernel.length) }
  }
  const upper = node.string('auto_pad', '') === 'SAME_UPPER'
  const pairs = kernel.map((size, axis) => {
    const input = sizeAt(call, shape, axis)
    const stride = strides[axis] ?? 1
    const output = Math.ceil(input / stride)
    const reach = (size - 1) * (dilations[axis] ?? 1) + 1
    return halves(Math.max(0, (output - 1) * stride + reach - input), upper)
  })
  return { ...base, begin: pairs.map(([first]) => first), end: pairs.map(([, last]) => last) }
}

/** The window of ConvTranspose: `output_shape` and SAME say the output's size, and the padding follows from it. */
export function transposedWindowOf(call: GradientCall, kernel: readonly number[]): Window {
  const { node } = call
  const wanted = node.ints('output_shape')
  if (wanted === null && !isSame(node)) return windowOf(call, kernel, null)
  const ones = kernel.map(() => 1)
  const strides = node.ints('strides') ?? ones
  const dilations = node.ints('dilations') ?? ones
  const outputPadding = node.ints('output_padding') ?? kernel.map(() => 0)
  const upper = node.string('auto_pad', 'NOTSET') === 'SAME_UPPER'
  const pairs = kernel.map((size, axis) => {
    const input = sizeAt(call, call.shape(call.x(0)), axis)
    const stride = strides[axis] ?? 1
    const output = wanted?.at(axis - kernel.length) ?? input * stride
    const reach = (size - 1) * (dilations[axis] ?? 1) + 1
    const full = stride * (input - 1) + (outputPadding[axis] ?? 0) + reach
    return halves(Math.max(0, full - output), upper)
  })
  const begin = pairs.map(([first]) => first)
  return { kernel, strides, dilations, begin, end: pairs.map(([, last]) => last) }
}
