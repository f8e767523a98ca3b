// Normalisations whose scale and bias can be fitted anew: as one operator, or written out in small ones (mean, distance, square, mean,
// root, quotient, scale, bias).

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { fromFront } from '../../ops/pass-axes.ts'
import type { GraphStatistics } from '../../quantize/graph-statistics.ts'
import { channelConstant, intConstant, scalarConstant } from '../../rewrite/constants.ts'
import { soleConsumer } from '../../rewrite/sole-consumer.ts'
import type { AxisTrace } from '../trace-axes.ts'

/** The axis that statistics are taken over: the last, or the second of images. */
type NormAxis = 1 | -1

export interface FittableNorm {
  /** Nodes that take its statistics. */
  readonly statistics: readonly Node[]
  readonly axis: NormAxis
  readonly input: Value
  readonly output: Value
  readonly scale: Value
  readonly bias: Value | null
  /** The same of a value with other channels, without scale and bias. `ones`: one for each channel. */
  again(statistics: GraphStatistics, value: Value, ones: Value): Value
}

const OPERATORS = ['LayerNormalization', 'RMSNormalization', 'SimplifiedLayerNormalization']

/** Those that the nodes belong to; nodes of norms that cannot be fitted have none. */
export function fittableNorms(trace: AxisTrace, nodes: Iterable<Node>): FittableNorm[] {
  return [...nodes].flatMap((node) => {
    const found = node.is(...OPERATORS) ? operatorNorm(node) : writtenNorm(trace, node)
    if (found === null) return []
    // Vectors that other nodes read as well are theirs too.
    const isOwn = [found.scale, found.bias].every(
      (value) => value === null || value.uses.size === 1,
    )
    return isOwn ? [found] : []
  })
}

/** One axis, the last, and constant vectors: a scale of one axis spans the axes that are normalised. */
function operatorNorm(node: Node): FittableNorm | null {
  const [input, scale, bias] = [node.input(0), node.input(1), node.input(2)]
  const output = node.output(0)
  if (input === null || scale === null || output === null) return null
  const isVector = (value: Value) => {
    return value.constant?.dtype === 'float32' && value.constant.dims.length === 1
  }
  if (!isVector(scale) || (bias !== null && !isVector(bias))) return null
  const again: FittableNorm['again'] = (statistics, value, ones) => {
    const attributes = [...node.attributes.values()].filter(({ name }) => name !== 'axis')
    return statistics.op(node.opType, [value, ones], [...attributes, intAttribute('axis', -1)])
  }
  return { statistics: [node], axis: -1, input, output, scale, bias, again }
}

/** @param spread the node that takes the mean of squares */
function writtenNorm(trace: AxisTrace, spread: Node): FittableNorm | null {
  const squared = spread.input(0)
  const distance = squared === null ? null : rootOfSquare(squared)
  const root = distance === null ? null : rootOf(spread)
  if (distance === null || root === null) return null
  const quotient = quotientOf(distance, root.node, root.isInverse)
  const axis = quotient === null ? null : axisOf(trace, spread)
  if (quotient === null || axis === null) return null
  const { producer } = distance
  const mean = producer?.is('Sub') === true ? (producer.input(1)?.producer ?? null) : null
  const centred = producer?.input(0) ?? null
  const isCentred = mean?.is('ReduceMean') === true && mean.input(0) === centred
  const input = isCentred ? centred : distance
  const shape = input === null ? null : trace.shape(input)
  const channels = shape?.at(axis)
  if (input === null || shape === null || channels === undefined) return null
  if (isCentred && (mean === null || axisOf(trace, mean) !== axis)) return null
  const perChannel = (value: Value | null) => hasChannels(value, channels, shape.length, axis)
  const scaled = withConstant(soleConsumer(quotient.output(0)), 'Mul', perChannel)
  if (scaled === null) return null
  const shifted = withConstant(soleConsumer(scaled.node.output(0)), 'Add', perChannel)
  const output = (shifted ?? scaled).node.output(0)
  if (output === null) return null
  const again: FittableNorm['again'] = (statistics, value) => {
    const own = isCentred ? statistics.op('Sub', [value, statistics.meanOver(value, axis)]) : value
    const squares = statistics.op('Mul', [own, own])
    const sum = statistics.op('Add', [
      statistics.meanOver(squares, axis),
      statistics.number(root.epsilon),
    ])
    return statistics.op('Div', [own, statistics.op('Sqrt', [sum])])
  }
  const statistics = isCentred && mean !== null ? [mean, spread] : [spread]
  const bias = shifted?.constant ?? null
  return { statistics, axis, input, output, scale: scaled.constant, bias, again }
}

function axisOf(trace: AxisTrace, node: Node): NormAxis | null {
  const rank = node.input(0) === null ? null : (trace.shape(node.input(0) as Value)?.length ?? null)
  const axes = node.ints('axes') ?? intConstant(node.input(1))
  const [only] = axes ?? []
  if (rank === null || only === undefined || axes?.length !== 1) return null
  const axis = fromFront(only, rank)
  if (axis === rank - 1) return -1
  return axis === 1 ? 1 : null
}

/** d of d² or d · d. */
function rootOfSquare({ producer }: Value): Value | null {
  const [base, other] = [producer?.input(0) ?? null, producer?.input(1) ?? null]
  if (producer?.is('Pow') === true) return scalarConstant(other) === 2 ? base : null
  return producer?.is('Mul') === true && base === other ? base : null
}

interface Root {
  /** Its output is √(mean + ε), or 1 over it. */
  readonly node: Node
  readonly isInverse: boolean
  readonly epsilon: number
}

function rootOf(spread: Node): Root | null {
  const sum = withConstant(soleConsumer(spread.output(0)), 'Add', (value) => {
    return scalarConstant(value) !== null
  })
  const node = sum === null ? null : soleConsumer(sum.node.output(0))
  if (sum === null || node === null) return null
  const epsilon = scalarConstant(sum.constant) ?? 0
  if (node.is('Pow')) {
    const power = scalarConstant(node.input(1))
    return Math.abs(power ?? 0) === 0.5 ? { node, isInverse: power === -0.5, epsilon } : null
  }
  if (!node.is('Sqrt')) return null
  const next = soleConsumer(node.output(0))
  const isInverse =
    next?.is('Reciprocal') === true ||
    (next?.is('Div') === true && scalarConstant(next.input(0)) === 1)
  return isInverse && next !== null
    ? { node: next, isInverse, epsilon }
    : { node, isInverse: false, epsilon }
}

/** The node that divides the distance by the root. */
function quotientOf(distance: Value, root: Node, isInverse: boolean): Node | null {
  const node = soleConsumer(root.output(0))
  if (node === null || !node.is(isInverse ? 'Mul' : 'Div')) return null
  const isSame = (value: Value | null) => value !== null && isSameDistance(value, distance)
  if (!isInverse) return isSame(node.input(0)) ? node : null
  return isSame(node.input(0)) || isSame(node.input(1)) ? node : null
}

/** Exporters may write x − mean twice. */
function isSameDistance(one: Value, other: Value): boolean {
  const [left, right] = [one.producer, other.producer]
  if (one === other) return true
  if (left?.is('Sub') !== true || right?.is('Sub') !== true) return false
  return left.input(0) === right.input(0) && left.input(1) === right.input(1)
}

function withConstant(
  node: Node | null,
  operator: 'Mul' | 'Add',
  fits: (value: Value | null) => boolean,
): { readonly node: Node; readonly constant: Value } | null {
  if (node?.is(operator) !== true) return null
  const constant = [node.input(0), node.input(1)].find((value) => fits(value)) ?? null
  return constant === null ? null : { node, constant }
}

/** A number of its own for every channel. */
function hasChannels(value: Value | null, channels: number, rank: number, axis: NormAxis): boolean {
  const dims = value?.constant?.dims ?? []
  if (dims.reduce((product, dim) => product * dim, 1) !== channels || dims.length === 0)
    return false
  if (axis === 1) return channelConstant(value, channels, rank) !== null
  return value?.constant?.dtype === 'float32' && dims.at(-1) === channels
}
