// Whether a ReduceMean belongs to a normalisation written out in small operators: mean and variance of LayerNorm, mean square of
// RMSNorm.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'

/** Operators that hand a value on, with another type or shape. */
const CARRIERS = ['Cast', 'Identity']

export function isNormStatistic(node: Node): boolean {
  const [input, output] = [node.input(0), node.output(0)]
  if (!node.is('ReduceMean') || node.int('keepdims', 1) === 0) return false
  if (input === null || output === null) return false
  return isMean(input, output) || isSpread(output)
}

/** Every reader takes the mean off what it was taken of. */
function isMean(input: Value, output: Value): boolean {
  const readers = readersOf(output)
  return readers.length > 0 && readers.every((reader) => reader.is('Sub') && reads(reader, input))
}

function reads(reader: Node, value: Value): boolean {
  const first = reader.input(0)
  return first !== null && origin(first) === origin(value)
}

/** The mean of squares, made larger by ε and then its root taken. */
function isSpread(output: Value): boolean {
  const readers = readersOf(output)
  return readers.length > 0 && readers.every((reader) => hasRoot(reader))
}

function hasRoot(reader: Node): boolean {
  if (reader.is('Sqrt', 'Pow')) return true
  const sum = reader.is('Add', 'Max', 'Clip') ? reader.output(0) : null
  if (sum === null) return false
  const next = readersOf(sum)
  return next.length > 0 && next.every((one) => one.is('Sqrt', 'Pow'))
}

function readersOf(value: Value): Node[] {
  return [...value.uses].flatMap(({ node }) => {
    const output = node.is(...CARRIERS) ? node.output(0) : null
    return output === null ? [node] : readersOf(output)
  })
}

function origin(value: Value): Value {
  const { producer } = value
  const before = producer?.is(...CARRIERS) === true ? producer.input(0) : null
  return before === null ? value : origin(before)
}
