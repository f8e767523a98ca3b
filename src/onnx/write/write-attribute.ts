// Attribute → `AttributeProto`.

import type { Attribute } from '../ir/attribute.ts'
import type { Graph } from '../ir/graph.ts'
import { originOf } from '../origins.ts'
import type { Message } from '../proto/schema.ts'
import { sparseTensorMessage, tensorMessage } from './write-tensor.ts'
import { typeMessage } from './write-type.ts'

export interface AttributeWriting {
  /** Tensors in attributes never go to a new file: runtimes expect initializers there. */
  readonly policy: 'keep' | 'inline'
  readonly graph: (graph: Graph) => Message<'GraphProto'>
}

/** `AttributeProto.AttributeType`. */
const TYPE_CODES: Record<Exclude<Attribute['type'], 'reference'>, number> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparse_tensor: 11,
  sparse_tensors: 12,
  type_proto: 13,
  type_protos: 14,
}

export function attributeMessage(
  attribute: Attribute,
  writing: AttributeWriting,
): Message<'AttributeProto'> {
  const origin = originOf<'AttributeProto'>(attribute)
  // Tensors may move and graphs may have changed; all else is as it was read.
  const inner = innerMessages(attribute, writing)
  if (Object.keys(origin).length > 0) return inner === null ? origin : { ...origin, ...inner }
  return {
    name: attribute.name,
    type: attribute.type === 'reference' ? attribute.declared : TYPE_CODES[attribute.type],
    ...(attribute.docString ? { doc_string: attribute.docString } : {}),
    ...(inner ?? plainValue(attribute)),
  }
}

function innerMessages(
  attribute: Attribute,
  { policy, graph }: AttributeWriting,
): Message<'AttributeProto'> | null {
  switch (attribute.type) {
    case 'tensor':
      return { t: tensorMessage(attribute.value, attribute.value.name, policy) }
    case 'tensors':
      return { tensors: attribute.value.map((item) => tensorMessage(item, item.name, policy)) }
    case 'sparse_tensor':
      return {
        sparse_tensor: sparseTensorMessage(attribute.value, attribute.value.values.name, policy),
      }
    case 'sparse_tensors':
      return {
        sparse_tensors: attribute.value.map((item) =>
          sparseTensorMessage(item, item.values.name, policy),
        ),
      }
    case 'graph':
      return { g: graph(attribute.value) }
    case 'graphs':
      return { graphs: attribute.value.map(graph) }
    default:
      return null
  }
}

function plainValue(attribute: Attribute): Message<'AttributeProto'> {
  switch (attribute.type) {
    case 'float':
      return { f: attribute.value }
    case 'int':
      return { i: attribute.value }
    case 'string':
      return { s: attribute.value }
    case 'floats':
      return { floats: [...attribute.value] }
    case 'ints':
      return { ints: attribute.value }
    case 'strings':
      return { strings: attribute.value }
    case 'type_proto':
      return { tp: typeMessage(attribute.value) }
    case 'type_protos':
      return { type_protos: attribute.value.map(typeMessage) }
    case 'reference':
      return { ref_attr_name: attribute.value }
    default:
      return {}
  }
}
