// `FunctionProto` → FunctionDefinition.

import type { FunctionDefinition } from '../ir/model.ts'
import type { ExternalDataResolver } from '../external-data.ts'
import { rememberDefaults } from '../origins.ts'
import type { Message } from '../proto/schema.ts'
import { GraphReader } from './read-graph.ts'
import { readMetadata, readOpsetImports } from './read-metadata.ts'
import { readAttributes } from './read-node.ts'

/**
 * @throws OnnxError invalid_graph, invalid_attribute, invalid_initializer
 */
export function readFunction(
  message: Message<'FunctionProto'>,
  resolve: ExternalDataResolver | undefined,
): FunctionDefinition {
  const name = message.name ?? ''
  const graph = (inner: Message<'GraphProto'>) => new GraphReader(null, resolve).read(inner)
  const definition: FunctionDefinition = {
    name,
    domain: message.domain ?? '',
    overload: message.overload ?? '',
    attributeNames: message.attribute ?? [],
    attributeDefaults: readAttributes(message.attribute_proto ?? [], {
      owner: `function '${name}'`,
      place: { function: name },
      resolve,
      graph,
    }),
    opsetImports: readOpsetImports(message.opset_import),
    body: new GraphReader(null, resolve).readBody(message),
    docString: message.doc_string ?? '',
    metadata: readMetadata(message.metadata_props),
    unknownFields: message.unknown ?? null,
  }
  rememberDefaults<'FunctionProto'>(definition, message, [
    'name',
    'domain',
    'overload',
    'doc_string',
  ])
  return definition
}
