// `NodeProto` → Node. Names become references to values.

import type { Attribute } from '../ir/attribute.ts'
import type { Graph } from '../ir/graph.ts'
import { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import type { ExternalDataResolver } from '../external-data.ts'
import { OnnxError } from '../onnx-error.ts'
import type { OnnxErrorPlace } from '../onnx-error.ts'
import { rememberDefaults } from '../origins.ts'
import { encodeMessage } from '../proto/encode-message.ts'
import type { Message } from '../proto/schema.ts'
import type { AttributeContext } from './read-attribute.ts'
import { readAttribute } from './read-attribute.ts'
import { readMetadata } from './read-metadata.ts'
import type { Scope } from './scope.ts'

export interface NodeContext {
  readonly scope: Scope
  readonly resolve: ExternalDataResolver | undefined
  readonly graph: (message: Message<'GraphProto'>) => Graph
}

/** How messages call a node that is not in the IR yet. */
export function describeNode(message: Message<'NodeProto'>): string {
  const label = message.name || message.output?.find((name) => name !== '') || ''
  const domain = message.domain ? `${message.domain}.` : ''
  return `node '${label}' (${domain}${message.op_type ?? ''})`
}

export function placeOf(message: Message<'NodeProto'>): OnnxErrorPlace {
  const node = message.name || message.output?.find((name) => name !== '') || ''
  return { node, opType: message.op_type ?? '' }
}

/**
 * Makes the node, detached.
 * @param outputs the values that the node defines
 * @throws OnnxError invalid_graph (a name nobody defines), invalid_attribute, and what subgraphs throw
 */
export function readNode(
  message: Message<'NodeProto'>,
  outputs: readonly (Value | null)[],
  context: NodeContext,
): Node {
  const owner = describeNode(message)
  if (!message.op_type) {
    throw new OnnxError('invalid_graph', `${owner} has no operator type`, placeOf(message))
  }
  const node = new Node({
    opType: message.op_type,
    domain: message.domain ?? '',
    overload: message.overload ?? '',
    name: message.name ?? '',
    inputs: (message.input ?? []).map((name) => resolveInput(name, message, context.scope)),
    outputs,
    attributes: readAttributes(message.attribute ?? [], {
      ...context,
      owner,
      place: placeOf(message),
    }),
  })
  node.docString = message.doc_string ?? ''
  if (message.metadata_props) node.metadata = readMetadata(message.metadata_props)
  node.unknownFields = restOf(message)
  rememberDefaults<'NodeProto'>(node, message, ['name', 'domain', 'overload', 'doc_string'])
  return node
}

function resolveInput(name: string, message: Message<'NodeProto'>, scope: Scope): Value | null {
  if (name === '') return null
  const value = scope.find(name)
  if (value !== null) return value
  throw new OnnxError(
    'invalid_graph',
    `${describeNode(message)} reads '${name}', which nothing defines: no input, no initializer, no output of a node`,
    { ...placeOf(message), tensor: name },
  )
}

export function readAttributes(
  messages: readonly Message<'AttributeProto'>[],
  context: AttributeContext,
): Attribute[] {
  const names = new Set<string>()
  return messages.map((message) => {
    const attribute = message.name ?? ''
    if (names.has(attribute)) {
      const detail = `attribute '${attribute}' of ${context.owner} is given twice`
      throw new OnnxError('invalid_attribute', detail, { ...context.place, attribute })
    }
    names.add(attribute)
    return readAttribute(message, context)
  })
}

function restOf(message: Message<'NodeProto'>): Uint8Array | null {
  const { device_configurations, unknown } = message
  if (device_configurations === undefined) return unknown ?? null
  const rest: Message<'NodeProto'> = { device_configurations }
  return encodeMessage('NodeProto', unknown === undefined ? rest : { ...rest, unknown })
}
