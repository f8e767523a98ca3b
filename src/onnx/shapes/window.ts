// Sliding windows: output sizes of convolutions and pooling along one spatial axis.

import type { Call } from './call.ts'
import { MAX_RANK } from './call.ts'
import type { MaybeSize } from './symbols.ts'
import { add, ceilDivide, floorDivide, minimum, multiply, subtract } from './symbols.ts'

export interface WindowAxis {
  readonly kernel: MaybeSize
  readonly stride: number
  readonly dilation: number
  readonly padBegin: number
  readonly padEnd: number
}

export interface WindowSpec {
  readonly axes: readonly WindowAxis[]
  readonly autoPad: string
  readonly ceil: boolean
}

/** The attributes strides, dilations, pads, auto_pad and ceil_mode for `kernel.length` spatial axes. */
export function windowSpec(call: Call, kernel: readonly MaybeSize[]): WindowSpec | null {
  const count = kernel.length
  const strides = call.ints('strides') ?? []
  const dilations = call.ints('dilations') ?? []
  const pads = call.ints('pads') ?? []
  if (count > MAX_RANK) return null
  const autoPad = call.string('auto_pad', 'NOTSET')
  const axes = kernel.map((size, axis) => ({
    kernel: size,
    stride: strides[axis] ?? 1,
    dilation: dilations[axis] ?? 1,
    padBegin: autoPad === 'VALID' ? 0 : (pads[axis] ?? 0),
    padEnd: autoPad === 'VALID' ? 0 : (pads[axis + count] ?? 0),
  }))
  if (axes.some(({ stride, dilation }) => stride <= 0 || dilation <= 0)) {
    call.problem('strides and dilations must be positive')
    return null
  }
  return { axes, autoPad, ceil: call.int('ceil_mode', 0) !== 0 }
}

/** Output sizes of a window that slides over `input`. */
export function windowOutput(
  call: Call,
  input: readonly MaybeSize[],
  spec: WindowSpec,
): MaybeSize[] {
  return spec.axes.map((axis, index) => {
    const size = outputSize(input[index] ?? null, axis, spec)
    if (typeof size === 'number' && size < 0) return call.problem('the window exceeds the input')
    return size
  })
}

/** (kernel - 1)·dilation + 1 */
export function extent({ kernel, dilation }: WindowAxis): MaybeSize {
  return add(multiply(subtract(kernel, 1), dilation), 1)
}

function outputSize(input: MaybeSize, axis: WindowAxis, { autoPad, ceil }: WindowSpec): MaybeSize {
  const { stride, padBegin, padEnd } = axis
  if (autoPad.startsWith('SAME')) return ceilDivide(input, stride)
  const room = subtract(add(input, padBegin + padEnd), extent(axis))
  if (!ceil) return add(floorDivide(room, stride), 1)
  // The last window must start inside the input or the padding before it: out ≤ ⌈(input + padBegin) / stride⌉.
  const rounded = add(ceilDivide(room, stride), 1)
  const starts = ceilDivide(add(input, padBegin), stride)
  const slack = subtract(add(room, stride), add(input, padBegin))
  return typeof slack === 'number' && slack <= 0 ? rounded : minimum(rounded, starts)
}
