// Node attributes: ONNX `AttributeProto`.

import type { Graph } from './graph.ts'
import type { SparseTensor, Tensor } from './tensor.ts'
import type { ValueType } from './value-type.ts'

export type AttributePayload =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'string'; readonly value: Uint8Array }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'sparse_tensor'; readonly value: SparseTensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'type_proto'; readonly value: ValueType }
  | { readonly type: 'floats'; readonly value: Float32Array }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly type: 'sparse_tensors'; readonly value: readonly SparseTensor[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  | { readonly type: 'type_protos'; readonly value: readonly ValueType[] }
  /** Inside a function body: the attribute of the calling node named `value`; `declared` is the enum code. */
  | { readonly type: 'reference'; readonly value: string; readonly declared: number }

export type Attribute = AttributePayload & { readonly name: string; readonly docString?: string }

const UTF8 = new TextEncoder()

export function intAttribute(name: string, value: number | bigint): Attribute {
  return { name, type: 'int', value: BigInt(value) }
}

export function intsAttribute(name: string, values: readonly (number | bigint)[]): Attribute {
  return { name, type: 'ints', value: values.map(BigInt) }
}

export function floatAttribute(name: string, value: number): Attribute {
  return { name, type: 'float', value: Math.fround(value) }
}

export function stringAttribute(name: string, value: string): Attribute {
  return { name, type: 'string', value: UTF8.encode(value) }
}

export function tensorAttribute(name: string, value: Tensor): Attribute {
  return { name, type: 'tensor', value }
}
