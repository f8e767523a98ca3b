// Graph, nodes and functions → messages. Values become their names.

import type { Graph } from '../ir/graph.ts'
import type { FunctionDefinition } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import type { EntryList } from '../origins.ts'
import { originOf, unchangedEntry } from '../origins.ts'
import { decodeMessage } from '../proto/decode-message.ts'
import type { Message, MessageName } from '../proto/schema.ts'
import type { AttributeWriting } from './write-attribute.ts'
import { attributeMessage } from './write-attribute.ts'
import { filled, metadataMessages, opsetMessages } from './write-metadata.ts'
import type { ExternalPolicy } from './write-tensor.ts'
import { sparseTensorMessage, tensorMessage } from './write-tensor.ts'
import { typeMessage } from './write-type.ts'

export function graphMessage(graph: Graph, policy: ExternalPolicy): Message<'GraphProto'> {
  const initializer: Message<'TensorProto'>[] = []
  const sparse_initializer: Message<'SparseTensorProto'>[] = []
  for (const { name, initializer: tensor } of graph.initializers.values()) {
    if (tensor?.kind === 'tensor') initializer.push(tensorMessage(tensor, name, policy))
    else if (tensor !== null) {
      sparse_initializer.push(sparseTensorMessage(tensor, name, embedding(policy)))
    }
  }
  return {
    ...originOf<'GraphProto'>(graph),
    ...restOf('GraphProto', graph.unknownFields),
    ...filled({
      node: nodeMessages(graph, policy),
      name: graph.name,
      initializer,
      sparse_initializer,
      doc_string: graph.docString,
      input: entryMessages(graph, 'input', graph.inputs),
      output: entryMessages(graph, 'output', graph.outputs),
      value_info: entryMessages(graph, 'value_info', graph.valueInfo),
      quantization_annotation: graph.quantizationAnnotations.map((bytes) =>
        decodeMessage('TensorAnnotation', bytes),
      ),
      metadata_props: metadataMessages(graph.metadata),
    }),
  }
}

/** Fields that the IR keeps as bytes, back as fields, so that they are written in their place. */
export function restOf<Name extends MessageName>(
  name: Name,
  bytes: Uint8Array | null,
): Message<Name> {
  return bytes === null ? {} : decodeMessage(name, bytes)
}

function entryMessages(
  graph: Graph,
  list: EntryList,
  values: readonly Value[],
): Message<'ValueInfoProto'>[] {
  const occurrences = new Map<Value, number>()
  return values.map((value) => {
    const occurrence = occurrences.get(value) ?? 0
    occurrences.set(value, occurrence + 1)
    const origin = unchangedEntry(graph, list, value, occurrence)
    return origin === null ? entryMessage(value) : renamed(origin, value.name)
  })
}

function renamed(origin: Message<'ValueInfoProto'>, name: string): Message<'ValueInfoProto'> {
  return name === (origin.name ?? '') ? origin : { ...origin, name }
}

function entryMessage(value: Value): Message<'ValueInfoProto'> {
  return {
    name: value.name,
    ...(value.type === null ? {} : { type: typeMessage(value.type) }),
    ...filled({ doc_string: value.docString, metadata_props: metadataMessages(value.metadata) }),
  }
}

function nodeMessages(graph: Graph, policy: ExternalPolicy): Message<'NodeProto'>[] {
  const writing = attributeWriting(policy)
  return Array.from(graph.nodes(), (node) => ({
    ...originOf<'NodeProto'>(node),
    ...restOf('NodeProto', node.unknownFields),
    ...filled({
      input: namesOf(node.inputs),
      output: namesOf(node.outputs),
      name: node.name,
      op_type: node.opType,
      attribute: attributesOf(node, writing),
      doc_string: node.docString,
      domain: node.domain,
      overload: node.overload,
      metadata_props: metadataMessages(node.metadata),
    }),
  }))
}

function attributeWriting(policy: ExternalPolicy): AttributeWriting {
  return { policy: embedding(policy), graph: (subgraph) => graphMessage(subgraph, policy) }
}

/** The policy for tensors that never go to a new file. */
function embedding(policy: ExternalPolicy): 'keep' | 'inline' {
  return typeof policy === 'string' ? policy : 'inline'
}

function attributesOf(node: Node, writing: AttributeWriting): Message<'AttributeProto'>[] {
  return Array.from(node.attributes.values(), (attribute) => attributeMessage(attribute, writing))
}

function namesOf(values: readonly (Value | null)[]): string[] {
  return values.map((value) => value?.name ?? '')
}

export function functionMessage(
  definition: FunctionDefinition,
  policy: ExternalPolicy,
): Message<'FunctionProto'> {
  const { body } = definition
  const writing = attributeWriting(policy)
  return {
    ...originOf<'FunctionProto'>(definition),
    ...restOf('FunctionProto', definition.unknownFields),
    ...filled({
      name: definition.name,
      input: namesOf(body.inputs),
      output: namesOf(body.outputs),
      attribute: definition.attributeNames,
      node: nodeMessages(body, policy),
      doc_string: definition.docString,
      opset_import: opsetMessages(definition.opsetImports),
      domain: definition.domain,
      attribute_proto: definition.attributeDefaults.map((attribute) =>
        attributeMessage(attribute, writing),
      ),
      value_info: entryMessages(body, 'value_info', body.valueInfo),
      overload: definition.overload,
      metadata_props: metadataMessages(definition.metadata),
    }),
  }
}
