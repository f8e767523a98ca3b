// Which convolutions the runtime's blocked kernels take.

import type { Window } from './window.ts'

/** Channels of a block; `none`: the runtime has no such kernels on this machine. */
export type BlockSize = number | 'none'

export interface BlockedConv {
  readonly window: Window
  readonly group: number
  /** Of the input: in whole blocks; fewer than a block, of one group: the input is not blocked. */
  readonly channels: number
  /** [M, C ÷ group, kh, kw]. */
  readonly weight: readonly [number, number, number, number]
}

/** Inputs of fewer channels than a block come in plain tensors. */
export function isPlainInput({ channels, group }: BlockedConv, block: number): boolean {
  return group === 1 && channels < block
}

/**
 * Why the runtime would not compute this, `null` when it does. Given output channels in broken blocks it divides by zero, which
 * ends the process: nothing is written that this function has a word against.
 */
export function blockedConvFault(conv: BlockedConv, block: number): string | null {
  const { window, group, channels, weight } = conv
  const [outputs, within, ...kernel] = weight
  const counts = [block, group, channels, ...weight, ...window.strides, ...window.dilations]
  if (!counts.every((count) => Number.isInteger(count) && count > 0)) return 'a size is unknown'
  const pads = [...window.begin, ...window.end]
  if (pads.length !== 4 || !pads.every((pad) => Number.isInteger(pad) && pad >= 0)) {
    return 'the padding is not of two axes'
  }
  if (block < 2) return 'there are no blocks'
  if (window.kernel.join() !== kernel.join()) return 'the window is of another kernel'
  if (within * group !== channels || outputs % group !== 0) return 'channels do not fit the groups'
  if (group > 1 && within === 1) {
    if (outputs !== group) return 'a channel has several outputs'
    return group % block === 0 ? null : 'channels are not in whole blocks'
  }
  if ((outputs / group) % block !== 0) return 'outputs are not in whole blocks'
  if (isPlainInput(conv, block) || within % block === 0) return null
  return 'inputs are not in whole blocks'
}
