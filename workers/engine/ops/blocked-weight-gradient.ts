// Gradients of the weights of convolutions on the runtime's blocked kernels: convolutions whose kernel is the gradient of the output.

import type { Value } from '#src/onnx/ir/value'
import type { BlockedConv } from './blocked-conv.ts'
import { BlockedKernels } from './blocked-kernels.ts'
import type { GradientBuilder } from './gradient-builder.ts'
import type { Window } from './window.ts'
import { looseEnd, placesOf } from './window.ts'

interface ConvSizes {
  readonly samples: number
  readonly channels: number
  readonly places: readonly number[]
  /** [M, C ÷ g, kh, kw]. */
  readonly weight: readonly [number, number, number, number]
}

/** `null` where a size is not known, the channels are no whole blocks, it does not pay, or the runtime has no blocks. */
export function blockedWeightGradient(
  g: GradientBuilder,
  dy: Value,
  input: Value,
  weight: Value,
  { window, group }: { readonly window: Window; readonly group: number },
): Value | null {
  const { block } = g
  const sizes = sizesOf(g, input, weight)
  if (block === 'none' || sizes === null) return null
  // What no window reaches at the end is not to be reached by this kernel either.
  const end = window.end.map((pad, axis) => pad - looseEnd(window, sizes.places[axis] ?? 1, axis))
  if (end.some((pad) => pad < 0)) return null
  const kernel = sizes.places.map((size, axis) => placesOf(window, size, axis))
  const { strides, dilations, begin } = window
  const turned = { kernel, strides: dilations, dilations: strides, begin, end }
  const kernels = new BlockedKernels(g, block)
  const { channels, weight: of } = sizes
  if (group === 1) return ofDense(g, kernels, { dy, input }, sizes, turned)
  const isOneByOne = group === channels && of[0] === group
  return isOneByOne ? ofChannels(g, kernels, { dy, input }, sizes, turned) : null
}

interface Values {
  readonly dy: Value
  readonly input: Value
}

/** Of channels by themselves: ten times as fast as taps. */
function ofChannels(
  g: GradientBuilder,
  kernels: BlockedKernels,
  { dy, input }: Values,
  { samples, channels, places, weight: of }: ConvSizes,
  turned: Window,
): Value | null {
  const { block } = kernels
  if (channels % block !== 0) return null
  const [x, y] = [kernels.reorderIn(input), kernels.reorderIn(dy)]
  const moved = kernels.correlate(x, y, [samples, channels, ...places], turned)
  const blocked = kernels.reshape(moved, [samples, channels / block, of[2] * of[3], block])
  const summed = g.reduceSum(blocked, [0], false)
  return kernels.reshape(g.transpose(summed, [0, 2, 1]), of)
}

/** Samples more than there are: zeros. */
const MOST_FILLED = 1 / 3
/** The gradient of the output is read anew for each channel of the input: beyond 16 MB, taps are as fast. */
const MOST_ELEMENTS = 2 ** 22

/**
 * Of a dense convolution: samples, which are summed over, become the channels, and channels the samples. The kernels are fast
 * where no place is padding: zeros are put around x first.
 */
function ofDense(
  g: GradientBuilder,
  kernels: BlockedKernels,
  { dy, input }: Values,
  { samples, weight: of }: ConvSizes,
  turned: Window,
): Value | null {
  const { block } = kernels
  const [outputs] = of
  const summed = kernels.padded(samples)
  const more = summed - samples
  if (outputs % block !== 0 || more > MOST_FILLED * samples) return null
  const { begin, end, kernel } = turned
  const [height = 1, width = 1] = kernel
  if (outputs * summed * height * width > MOST_ELEMENTS) return null
  const fill = (value: Value, pads: readonly number[]) =>
    more === 0 ? value : g.op('Pad', [value, g.ints(pads)])
  const bySample = fill(g.transpose(input, [1, 0, 2, 3]), [0, 0, 0, 0, 0, more, 0, 0])
  const isPadded = [...begin, ...end].some((pad) => pad !== 0)
  const blocked = kernels.reorderIn(bySample)
  const x = isPadded ? kernels.pad(blocked, summed, begin, end) : blocked
  const y = fill(kernels.reorderIn(dy), [0, 0, 0, 0, more, 0, 0, 0])
  const apart = [summed / block, block, outputs / block, height * width, block]
  const conv: BlockedConv = {
    window: { ...turned, begin: [0, 0], end: [0, 0] },
    group: 1,
    channels: summed,
    weight: [outputs, summed, height, width],
  }
  const byOutput = g.transpose(kernels.reshape(y, apart), [2, 0, 3, 1, 4])
  const products = kernels.conv(conv, x, kernels.reshape(byOutput, conv.weight))
  return g.transpose(kernels.reorderOut(products, outputs), [1, 0, 2, 3])
}

function sizesOf(g: GradientBuilder, input: Value, weight: Value): ConvSizes | null {
  const [x, w] = [g.shape(input), g.shape(weight)]
  if (x?.length !== 4 || w?.length !== 4) return null
  if (![...x, ...w].every((size) => typeof size === 'number')) return null
  const [samples = 1, channels = 1, ...places] = x as readonly number[]
  return { samples, channels, places, weight: w as unknown as ConvSizes['weight'] }
}
