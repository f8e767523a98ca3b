// Channels [phases · C] of each pixel to s × s pixels of C channels. Written with the channels last, as convolutions on integers
// have them: whole pixels are moved, which took a third to a half of the time of DepthToSpace.

import { intsAttribute } from '#src/onnx/ir/attribute'
import type { Attribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import type { FreshNames } from '../rewrite/fresh-names.ts'

export interface Spread {
  readonly strides: readonly [rows: number, columns: number]
  /** Of the pixels before. */
  readonly sides: readonly [height: number, width: number]
}

/** The nodes between `phased` and `result`, which keeps its name and its readers. */
export function spreadPixels(
  model: Model,
  phased: Value,
  result: Value,
  { strides: [rows, columns], sides: [height, width] }: Spread,
  names: FreshNames,
): void {
  const { graph } = model
  const maker = phased.producer
  if (maker === null) throw new Error(`nothing makes '${phased.name}'`)
  let last: Node = maker
  const append = (opType: string, inputs: readonly Value[], attributes: Attribute[] = []): void => {
    const before = last.output(0)
    const node = makeNode(opType, [before, ...inputs], [names.make(`${result.name}_p`)], attributes)
    graph.insertAfter(node, last)
    last = node
  }
  const transpose = (...perm: number[]): void =>
    append('Transpose', [], [intsAttribute('perm', perm)])
  const reshape = (...dims: number[]): void => {
    const shape = BigInt64Array.from(dims, BigInt)
    const name = names.make(`${result.name}_shape`)
    append('Reshape', [graph.addInitializer(typedTensor(name, 'int64', [dims.length], shape))])
  }
  transpose(0, 2, 3, 1)
  // The last axis holds the columns of a phase and their channels, which stay together.
  reshape(0, height, width, rows, -1)
  transpose(0, 1, 3, 2, 4)
  reshape(0, height * rows, width * columns, -1)
  transpose(0, 3, 1, 2)
  last.setOutput(0, result)
}
