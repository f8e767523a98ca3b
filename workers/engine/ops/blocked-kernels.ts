// Convolutions on blocked channels, operators of the runtime's own: b channels of a place lie side by side. By its shape such a
// tensor is [N, C, …] with C in whole blocks, in memory [N, C ÷ b, …, b].

import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { BlockedConv } from './blocked-conv.ts'
import { blockedConvFault } from './blocked-conv.ts'
import type { GradientBuilder } from './gradient-builder.ts'
import type { Window } from './window.ts'
import { padsOf, placesOf } from './window.ts'

export const BLOCKED_DOMAIN = 'com.microsoft.nchwc'

type Sizes = readonly number[]

/** The one place where such operators are written. */
export class BlockedKernels {
  readonly block: number
  readonly #g: GradientBuilder

  constructor(g: GradientBuilder, block: number) {
    this.#g = g
    this.block = block
  }

  /** Channels rounded up to whole blocks. */
  padded(channels: number): number {
    return Math.ceil(channels / this.block) * this.block
  }

  /** Channels beyond those there are become 0. The runtime wants them in fours. */
  reorderIn(value: Value): Value {
    return this.#g.op('ReorderInput', [value], [], BLOCKED_DOMAIN)
  }

  /** The first `channels` of a blocked tensor, plain. */
  reorderOut(value: Value, channels: number): Value {
    const attributes = [intAttribute('channels', channels)]
    return this.#g.op('ReorderOutput', [value], attributes, BLOCKED_DOMAIN)
  }

  /** `weight` as `blockWeight` makes it; `bias` a vector of the outputs. The result is blocked. */
  conv(conv: BlockedConv, input: Value, weight: Value, bias: Value | null = null): Value {
    const fault = blockedConvFault(conv, this.block)
    if (fault !== null) throw new Error(`no blocked convolution: ${fault}`)
    const { window, group } = conv
    const attributes = [
      intsAttribute('kernel_shape', window.kernel),
      intsAttribute('strides', window.strides),
      intsAttribute('dilations', window.dilations),
      intsAttribute('pads', padsOf(window)),
      intAttribute('group', group),
    ]
    const inputs = bias === null ? [input, weight] : [input, weight, bias]
    return this.#g.op('Conv', inputs, attributes, BLOCKED_DOMAIN)
  }

  /**
   * [M, C, kh, kw] laid out for the kernels: outputs innermost, in front of them inputs where those are blocked. The outputs go in
   * as channels of one place after the other, which is ten times as fast as a transposition of single elements.
   */
  blockWeight(conv: BlockedConv, weight: Value): Value {
    const { block } = this
    const [outputs, within, rows, columns] = conv.weight
    const places = rows * columns
    const flat = this.reshape(weight, [1, outputs, within * places, 1])
    const byOutput = this.reorderIn(flat)
    if (within % block !== 0 || places === 1) return this.reshape(byOutput, conv.weight)
    const apart = [outputs / block, within / block, block, places, block]
    const turned = this.#g.transpose(this.reshape(byOutput, apart), [0, 1, 3, 2, 4])
    return this.reshape(turned, conv.weight)
  }

  reshape(value: Value, dims: Sizes): Value {
    return this.#g.op('Reshape', [value, this.#g.ints(dims)])
  }

  /** slope·value + offset by channel, of a blocked value; vectors of `channels`. */
  affine(value: Value, channels: number, slope: Value, offset: Value | null): Value {
    const conv = byThemselves(channels, POINT)
    return this.conv(conv, value, this.reshape(slope, conv.weight), offset)
  }

  /** Zeros around the places of a blocked value. */
  pad(value: Value, channels: number, begin: Sizes, end: Sizes): Value {
    const conv = byThemselves(channels, { ...POINT, begin, end })
    return this.conv(conv, value, this.#g.filled(conv.weight, 1))
  }

  /**
   * Σ over places of x·y, y moved over x as `window` says, for every channel of every sample: every one of them is a channel here,
   * and y its kernel. x [N, C, …] and y [N, C, …] are blocked; gives [N, C, …] blocked.
   */
  correlate(
    x: Value,
    y: Value,
    [samples = 1, channels = 1, ...sizes]: Sizes,
    window: Window,
  ): Value {
    const all = samples * channels
    const conv = byThemselves(all, window)
    const moved = this.conv(conv, this.reshape(x, [1, all, ...sizes]), this.reshape(y, conv.weight))
    const places = sizes.map((size, axis) => placesOf(window, size, axis))
    return this.reshape(moved, [samples, channels, ...places])
  }
}

const POINT: Window = {
  kernel: [1, 1],
  strides: [1, 1],
  dilations: [1, 1],
  begin: [0, 0],
  end: [0, 0],
}

function byThemselves(channels: number, window: Window): BlockedConv {
  const [rows = 1, columns = 1] = window.kernel
  return { window, group: channels, channels, weight: [channels, 1, rows, columns] }
}
