// What counting needs to know of a value: its sizes. A count is `null` where a size is not known.

import type { Node } from '../ir/node.ts'
import type { TypeInference } from '../shapes/infer-types.ts'

export type MacFacts = Pick<TypeInference, 'type'>

/** Multiply–accumulates of one run of a node. */
export type MacRule = (node: Node, facts: MacFacts) => number | null

/** Sizes of input `index`; `null` unless all are numbers. */
export function inputSizes(node: Node, facts: MacFacts, index: number): readonly number[] | null {
  return sizesOf(node, facts, 'input', index)
}

export function outputSizes(node: Node, facts: MacFacts, index: number): readonly number[] | null {
  return sizesOf(node, facts, 'output', index)
}

function sizesOf(
  node: Node,
  facts: MacFacts,
  side: 'input' | 'output',
  index: number,
): readonly number[] | null {
  const value = side === 'input' ? node.input(index) : node.output(index)
  const type = value === null ? null : facts.type(value)
  if (type?.kind !== 'tensor' || type.shape === null) return null
  const sizes = type.shape.filter((dim) => typeof dim === 'number')
  return sizes.length === type.shape.length ? sizes : null
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1)
}
