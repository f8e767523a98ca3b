// Gradient of BatchNormalization. Training time is memory traffic: what is one number per channel is worked out on vectors, and
// as few passes as can be go over the whole tensor.

import { floatAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import {
  axesBut,
  epsilonOf,
  inverseRoot,
  perChannel,
  sumOfChannels,
} from './normalization-parts.ts'

type Gradients = (Value | null)[]

/** In inference mode mean and variance are constants and have no gradient here: they are statistics, not parameters. */
export const batchNormalizationGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  return call.node.int('training_mode', 0) === 1 ? ofBatch(g, call, dy) : ofConstants(g, call, dy)
}

function ofConstants(g: GradientBuilder, call: GradientCall, dy: Value): Gradients {
  const [x, scale] = [call.x(0), call.x(1)]
  const rank = call.rank(x)
  const r = inverseRoot(g, call.x(4), epsilonOf(call), x)
  const dScale = () => {
    const centred = g.sub(x, perChannel(g, call.x(3), rank))
    return g.mul(sumOfChannels(g, g.mul(dy, centred), rank), r)
  }
  return [
    call.wants(0) ? g.mul(dy, perChannel(g, g.mul(scale, r), rank)) : null,
    call.wants(1) ? dScale() : null,
    call.wants(2) ? sumOfChannels(g, dy, rank) : null,
  ]
}

/**
 * With c = x − mean, r = 1 ÷ √(variance + ε) and m elements per channel: dScale = r·Σ dy·c, dBias = Σ dy,
 * dx = scale·r·(dy − dBias ÷ m − c·r·dScale ÷ m). Centred first, since Σ dy·x − mean·Σ dy loses digits.
 */
function ofBatch(g: GradientBuilder, call: GradientCall, dy: Value): Gradients {
  const [x, scale] = [call.x(0), call.x(1)]
  const rank = call.rank(x)
  const { centred, variance } = statisticsOf(g, call, rank)
  const r = inverseRoot(g, variance, epsilonOf(call), x)
  const dBias = sumOfChannels(g, dy, rank)
  const dScale = g.mul(sumOfChannels(g, g.mul(dy, centred), rank), r)
  const dx = () => {
    const slope = g.mul(scale, r)
    const share = g.mul(slope, g.sizeRatio(scale, x))
    const offset = g.neg(g.mul(share, dBias))
    const along = g.mul(g.mul(share, r), dScale)
    const direct = affineOfChannels(g, dy, { slope, offset, scale, rank })
    return g.sub(direct, g.mul(centred, perChannel(g, along, rank)))
  }
  return [call.wants(0) ? dx() : null, call.wants(1) ? dScale : null, call.wants(2) ? dBias : null]
}

/** At momentum 0 the node itself tells the statistics of the batch. */
function statisticsOf(g: GradientBuilder, call: GradientCall, rank: number) {
  const x = call.x(0)
  if (call.node.float('momentum', 0.9) === 0) {
    return { centred: g.sub(x, perChannel(g, call.y(1), rank)), variance: call.y(2) }
  }
  const others = axesBut([1], rank)
  const centred = g.sub(x, g.reduceMean(x, others, true))
  return { centred, variance: g.reduceMean(g.mul(centred, centred), others, false) }
}

interface Affine {
  readonly slope: Value
  readonly offset: Value
  /** A vector of as many channels. */
  readonly scale: Value
  readonly rank: number
}

/** The runtime makes one of equal constants of up to so many elements, and writes into those that a norm in training mode is given. */
const MERGED = 8

/** slope·value + offset by channel, in one pass where the number of channels is known: a normalization by 0 and 1. */
function affineOfChannels(
  g: GradientBuilder,
  value: Value,
  { slope, offset, scale, rank }: Affine,
): Value {
  const channels = g.shape(scale)?.[0]
  if (typeof channels !== 'number' || channels <= MERGED) {
    const scaled = g.mul(value, perChannel(g, slope, rank))
    return g.add(scaled, perChannel(g, offset, rank))
  }
  const filled = (number: number) =>
    g.tensor(
      [channels],
      Array.from({ length: channels }, () => number),
      scale,
    )
  const inputs = [value, slope, offset, filled(0), filled(1)]
  return g.op('BatchNormalization', inputs, [floatAttribute('epsilon', 0)])
}
