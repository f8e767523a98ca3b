// Where a problem is, in the words of OnnxErrorPlace.

import type { Node } from '../ir/node.ts'
import type { OnnxErrorPlace } from '../onnx-error.ts'

/** The node's name, or its first output's when it has none. */
export function nodeLabel(node: Node): string {
  return node.name !== '' ? node.name : (node.outputs.find((value) => value !== null)?.name ?? '')
}

export function placeOf(node: Node, more: OnnxErrorPlace = {}): OnnxErrorPlace {
  return { node: nodeLabel(node), opType: node.opType, ...more }
}
