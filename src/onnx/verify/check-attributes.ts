// Attributes that size or divide something: within what operators mean, where runtimes compute with them unchecked.

import type { Model } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import { OnnxError } from '../onnx-error.ts'
import { placeOf } from './place.ts'
import { graphScopes } from './scopes.ts'

interface IntegerRange {
  readonly min: bigint
  readonly max: bigint
}

const SIZE: IntegerRange = { min: 1n, max: 2n ** 24n }
const OFFSET: IntegerRange = { min: -(2n ** 24n), max: 2n ** 24n }
const COUNT: IntegerRange = { min: 0n, max: 2n ** 31n }
const AXIS: IntegerRange = { min: -64n, max: 64n }

/** The square of it must fit into 32 bits with room for the channels. */
const BLOCK: IntegerRange = { min: 1n, max: 4096n }

const RANGES: Readonly<Record<string, IntegerRange>> = {
  axis: AXIS,
  axes: AXIS,
  perm: AXIS,
  batch_dims: AXIS,
  blocksize: BLOCK,
  kernel_shape: SIZE,
  strides: SIZE,
  dilations: SIZE,
  group: SIZE,
  num_groups: SIZE,
  num_heads: SIZE,
  num_outputs: SIZE,
  hidden_size: SIZE,
  output_height: SIZE,
  output_width: SIZE,
  offset_group: SIZE,
  bits: { min: 1n, max: 32n },
  block_size: COUNT,
  pads: OFFSET,
  output_padding: { min: 0n, max: OFFSET.max },
  output_shape: SIZE,
  size: SIZE,
  sampling_ratio: COUNT,
}

/** Attributes of these names that mean something else: axes of Squeeze, say, are axes, but Pad may crop by any amount. */
const EXEMPT: ReadonlySet<string> = new Set(['ai.onnx.ml'])

export function* checkAttributes(model: Model): IterableIterator<OnnxError> {
  for (const { graph } of graphScopes(model)) {
    for (const node of graph.nodes()) {
      if (!EXEMPT.has(node.domain)) yield* checkNode(node)
    }
  }
}

function* checkNode(node: Node): IterableIterator<OnnxError> {
  for (const attribute of node.attributes.values()) {
    const range = RANGES[attribute.name]
    if (range === undefined) continue
    const values = integersOf(attribute)
    const wrong = values.find((value) => value < range.min || value > range.max)
    if (wrong === undefined) continue
    yield new OnnxError(
      'invalid_attribute',
      `${node.describe()} has the attribute '${attribute.name}' with ${wrong}; it must lie between ${range.min} and ${range.max}`,
      placeOf(node, { attribute: attribute.name }),
    )
  }
}

function integersOf(attribute: { type: string; value: unknown }): readonly bigint[] {
  if (attribute.type === 'int') return [attribute.value as bigint]
  return attribute.type === 'ints' ? (attribute.value as readonly bigint[]) : []
}
