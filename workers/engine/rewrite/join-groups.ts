// Narrow groups of grouped convolutions joined until they have 16 channels each, the width of blocked kernels: weights between channels
// that were in different groups are 0. Exact, and more multiply-accumulates in less time: narrow groups are computed one by one.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import { float32Constant } from './constants.ts'
import { FreshNames } from './fresh-names.ts'
import { labelOf } from './pass.ts'
import { sweepDeadCode } from './remove-dead-code.ts'

const WIDTH = 16

/** Multiply-accumulates and weights grow as many times. */
const MOST_JOINED = 4

/** Changes the model in place. Gives how many convolutions were changed. */
export function joinGroups(model: Model, excluded: ReadonlySet<string> = new Set()): number {
  const names = new FreshNames(model)
  let joined = 0
  for (const node of model.graph.nodes()) {
    if (excluded.has(labelOf(node)) || !node.is('Conv')) continue
    const count = groupsToJoin(node)
    if (count === 1) continue
    joinBy(node, count, names)
    joined += 1
  }
  if (joined > 0) sweepDeadCode(model)
  return joined
}

/** The fewest that fill whole vectors on both sides; 1 where none do, or nothing needs to. */
function groupsToJoin(node: Node): number {
  const groups = node.int('group', 1)
  const weight = node.input(1)
  const dims = weight?.constant?.dims ?? []
  const [outputs = 0, inputs = 0] = dims
  const isDepthwise = inputs === 1
  if (groups === 1 || isDepthwise || inputs >= WIDTH || float32Constant(weight) === null) return 1
  for (let count = 2; count <= MOST_JOINED; count += 1) {
    const isWhole = [inputs, outputs / groups].every((size) => (size * count) % WIDTH === 0)
    if (isWhole && groups % count === 0) return count
  }
  return 1
}

function joinBy(node: Node, count: number, names: FreshNames): void {
  const weight = node.input(1)
  const [values, dims] = [float32Constant(weight), weight?.constant?.dims]
  const { graph } = node
  if (weight === null || values === null || dims === undefined || graph === null) {
    throw new Error(`${node.describe()} has no constant weights`)
  }
  const [outputs = 0, inputs = 0, ...window] = dims
  const groups = node.int('group', 1)
  const row = values.length / outputs
  const wide = new Float32Array(values.length * count)
  for (let output = 0; output < outputs; output += 1) {
    const place = Math.floor((output * groups) / outputs) % count
    const from = values.subarray(output * row, (output + 1) * row)
    wide.set(from, output * row * count + place * row)
  }
  const made = typedTensor(
    names.make(weight.name),
    'float32',
    [outputs, inputs * count, ...window],
    wide,
  )
  node.setInput(1, graph.addInitializer(made))
  node.attributes.set('group', intAttribute('group', groups / count))
}
