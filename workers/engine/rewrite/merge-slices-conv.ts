// Every s-th pixel of every offset, stacked as channels, in front of a convolution (the Focus layer of YOLOv5 and YOLOX) → one
// convolution of stride s: W′[o, c, s·t + p, s·u + q] = W[o, (p, q)·C + c, t, u]. As many products, without the passes over the picture.

import { intsAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { float32Constant, intConstant } from './constants.ts'
import type { NodeRule } from './pass.ts'
import { soleProducer } from './sole-consumer.ts'

/** Of an axis of unknown size, a Slice ends at the end when it says this or more. */
const TO_THE_END = 2 ** 31 - 1

interface Offset {
  readonly row: number
  readonly column: number
}

interface Stack {
  readonly picture: Value
  readonly strides: readonly [rows: number, columns: number]
  /** In the order of the channels. */
  readonly offsets: readonly Offset[]
}

export const mergeSlicesConv: NodeRule = {
  name: 'merge-slices-conv',
  apply: (node, { facts, names }) => {
    if (!node.is('Conv') || node.graph === null) return 'unmatched'
    const concat = soleProducer(node.input(0), node)
    const stack = concat?.is('Concat') ? stackOf(concat, facts) : null
    const weights = float32Constant(node.input(1))
    const dims = node.input(1)?.constant?.dims ?? []
    if (stack === null || weights === null || dims.length !== 4 || !isPlain(node))
      return 'unmatched'
    const [outputs = 0, stacked = 0, height = 0, width = 0] = dims
    const [rows, columns] = stack.strides
    const channels = stacked / stack.offsets.length
    if (!Number.isInteger(channels)) return 'unmatched'
    const wide = [outputs, channels, height * rows, width * columns] as const
    const spread = new Float32Array(weights.length)
    for (const [index, { row, column }] of stack.offsets.entries()) {
      for (let output = 0; output < outputs; output += 1) {
        for (let channel = 0; channel < channels; channel += 1) {
          const from = (output * stacked + index * channels + channel) * height * width
          const to = (output * channels + channel) * wide[2]
          for (let at = 0; at < height * width; at += 1) {
            const [t, u] = [Math.floor(at / width), at % width]
            spread[(to + t * rows + row) * wide[3] + u * columns + column] = weights[from + at] ?? 0
          }
        }
      }
    }
    const tensor = typedTensor(names.make('spread_weight'), 'float32', wide, spread)
    node.setInput(0, stack.picture)
    node.setInput(1, node.graph.addInitializer(tensor))
    const scaled = (name: string, fallback: readonly number[]): void => {
      const values = node.ints(name) ?? fallback
      const own = values.map((value, axis) => value * (axis % 2 === 0 ? rows : columns))
      node.attributes.set(name, intsAttribute(name, own))
    }
    scaled('strides', [1, 1])
    scaled('pads', [0, 0, 0, 0])
    node.attributes.delete('kernel_shape')
    return 'applied'
  },
}

function isPlain(node: Node): boolean {
  const isWrittenOut = node.string('auto_pad', 'NOTSET') === 'NOTSET'
  const isDense = (node.ints('dilations') ?? []).every((by) => by === 1)
  return isWrittenOut && isDense && node.int('group', 1) === 1
}

/** Of all offsets, each once; then the sides are multiples of the strides, or the parts would not fit together. */
function stackOf(concat: Node, facts: TypeInference): Stack | null {
  if (concat.int('axis', 0) !== 1) return null
  const parts = concat.inputs.map((value) => partOf(value, facts))
  const [first] = parts
  if (!first || first.picture === null) return null
  const { picture, strides } = first
  const offsets: Offset[] = []
  for (const part of parts) {
    if (part === null || part.picture !== picture) return null
    if (part.strides.join() !== strides.join()) return null
    offsets.push({ row: part.starts[0], column: part.starts[1] })
  }
  const different = new Set(offsets.map(({ row, column }) => `${row} ${column}`))
  const wanted = strides[0] * strides[1]
  const isWhole = wanted > 1 && offsets.length === wanted && different.size === wanted
  return isWhole ? { picture, strides, offsets } : null
}

interface Part {
  readonly picture: Value | null
  readonly strides: [number, number]
  readonly starts: [number, number]
}

/** One Slice of rows and columns, or one of each. */
function partOf(value: Value | null, facts: TypeInference): Part | null {
  const part: Part = { picture: null, strides: [1, 1], starts: [0, 0] }
  let source = value
  let isSliced = false
  for (let node = source?.producer ?? null; node?.is('Slice'); node = source?.producer ?? null) {
    const [starts, ends] = [intConstant(node.input(1)), intConstant(node.input(2))]
    const axes = intConstant(node.input(3))
    const steps = node.input(4) === null ? axes?.map(() => 1) : intConstant(node.input(4))
    if (!starts || !ends || !axes || !steps) return null
    const type = node.input(0) === null ? null : facts.type(node.input(0)!)
    const shape = type?.kind === 'tensor' ? type.shape : null
    for (const [index, axis] of axes.entries()) {
      const at = axis < 0 ? axis + 2 : axis - 2
      const [start = 0, step = 1, size] = [starts[index], steps[index], shape?.[at + 2]]
      const isOwn = (at === 0 || at === 1) && part.strides[at] === 1 && part.starts[at] === 0
      const isLast = (ends[index] ?? 0) >= (typeof size === 'number' ? size : TO_THE_END)
      if (!isOwn || start < 0 || start >= step || !isLast) return null
      part.strides[at] = step
      part.starts[at] = start
    }
    isSliced = true
    source = node.input(0)
  }
  return isSliced ? { ...part, picture: source } : null
}
