// `AttributeProto` → Attribute.

import type { Attribute, AttributePayload } from '../ir/attribute.ts'
import type { Graph } from '../ir/graph.ts'
import type { ExternalDataResolver } from '../external-data.ts'
import type { OnnxErrorPlace } from '../onnx-error.ts'
import { OnnxError } from '../onnx-error.ts'
import { rememberOrigin } from '../origins.ts'
import type { Message } from '../proto/schema.ts'
import { readSparseTensor, readTensor } from './read-tensor.ts'
import { readType } from './read-type.ts'

/** `AttributeProto.AttributeType`: codes 1 to 14, and the field that holds the value. */
const KINDS = [
  ['float', 'f'],
  ['int', 'i'],
  ['string', 's'],
  ['tensor', 't'],
  ['graph', 'g'],
  ['floats', 'floats'],
  ['ints', 'ints'],
  ['strings', 'strings'],
  ['tensors', 'tensors'],
  ['graphs', 'graphs'],
  ['sparse_tensor', 'sparse_tensor'],
  ['sparse_tensors', 'sparse_tensors'],
  ['type_proto', 'tp'],
  ['type_protos', 'type_protos'],
] as const

type Kind = (typeof KINDS)[number][0]

export interface AttributeContext {
  readonly resolve: ExternalDataResolver | undefined
  /** How messages call the node or function that the attribute belongs to. */
  readonly owner: string
  readonly place: OnnxErrorPlace
  readonly graph: (message: Message<'GraphProto'>) => Graph
}

/**
 * @throws OnnxError invalid_attribute, and what tensors and graphs inside throw
 */
export function readAttribute(
  message: Message<'AttributeProto'>,
  context: AttributeContext,
): Attribute {
  const attribute = {
    name: message.name ?? '',
    ...readPayload(message, context),
    ...(message.doc_string ? { docString: message.doc_string } : {}),
  }
  rememberOrigin<'AttributeProto'>(attribute, withoutGraphs(message))
  return attribute
}

/** Graphs change after reading: they are written from the IR, never from the message. */
function withoutGraphs(message: Message<'AttributeProto'>): Message<'AttributeProto'> {
  if (message.g === undefined && message.graphs === undefined) return message
  const { g: _g, graphs: _graphs, ...rest } = message
  return rest
}

function readPayload(
  message: Message<'AttributeProto'>,
  context: AttributeContext,
): AttributePayload {
  if (message.ref_attr_name) {
    return { type: 'reference', value: message.ref_attr_name, declared: message.type ?? 0 }
  }
  const type = kindOf(message)
  switch (type) {
    case 'float':
      return { type, value: message.f ?? 0 }
    case 'int':
      return { type, value: message.i ?? 0n }
    case 'string':
      return { type, value: message.s ?? new Uint8Array(0) }
    case 'tensor':
      return { type, value: readTensor(required(message, 't', context), context.resolve) }
    case 'sparse_tensor': {
      const sparse = required(message, 'sparse_tensor', context)
      return { type, value: readSparseTensor(sparse, context.resolve) }
    }
    case 'graph':
      return { type, value: context.graph(required(message, 'g', context)) }
    case 'type_proto':
      return { type, value: knownType(required(message, 'tp', context), message, context) }
    case 'floats':
      return { type, value: Float32Array.from(message.floats ?? []) }
    case 'ints':
      return { type, value: message.ints ?? [] }
    case 'strings':
      return { type, value: message.strings ?? [] }
    case 'tensors': {
      const value = (message.tensors ?? []).map((item) => readTensor(item, context.resolve))
      return { type, value }
    }
    case 'sparse_tensors': {
      const items = message.sparse_tensors ?? []
      return { type, value: items.map((item) => readSparseTensor(item, context.resolve)) }
    }
    case 'graphs':
      return { type, value: (message.graphs ?? []).map(context.graph) }
    case 'type_protos': {
      const items = message.type_protos ?? []
      return { type, value: items.map((item) => knownType(item, message, context)) }
    }
    case null:
      throw invalid(message, context, `has the unknown type ${message.type ?? 0}`)
  }
}

/** By the declared type; files of IR version 1 declare none, there the field that is set decides. */
function kindOf(message: Message<'AttributeProto'>): Kind | null {
  const declared = message.type ?? 0
  if (declared !== 0) return KINDS[declared - 1]?.[0] ?? null
  const set = KINDS.filter(([, field]) => message[field] !== undefined)
  return set.length === 1 ? (set[0]?.[0] ?? null) : null
}

function required<Field extends 't' | 'g' | 'tp' | 'sparse_tensor'>(
  message: Message<'AttributeProto'>,
  field: Field,
  context: AttributeContext,
): NonNullable<Message<'AttributeProto'>[Field]> {
  const value = message[field]
  if (value === undefined) throw invalid(message, context, 'has no value')
  return value
}

function knownType(
  type: Message<'TypeProto'>,
  message: Message<'AttributeProto'>,
  context: AttributeContext,
) {
  const value = readType(type)
  if (value === null) throw invalid(message, context, 'is a type that says nothing')
  return value
}

function invalid(
  message: Message<'AttributeProto'>,
  context: AttributeContext,
  fault: string,
): OnnxError {
  const attribute = message.name ?? ''
  const detail = `attribute '${attribute}' of ${context.owner} ${fault}`
  return new OnnxError('invalid_attribute', detail, { ...context.place, attribute })
}
