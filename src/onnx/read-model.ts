// ModelProto → Model. Structure is read, weights stay where they are: a file of 2 GiB costs what its graph costs.

import type { ByteRange } from './ir/byte-range.ts'
import type { Model, OpsetImport } from './ir/model.ts'
import type { ExternalDataResolver } from './external-data.ts'
import { OnnxError } from './onnx-error.ts'
import { rememberDefaults, rememberImplicit } from './origins.ts'
import type { DecodeLimits } from './proto/decode-message.ts'
import { DECODE_LIMITS, decodeMessage } from './proto/decode-message.ts'
import { encodeMessage } from './proto/encode-message.ts'
import type { Message } from './proto/schema.ts'
import { sniffFormat } from './proto/sniff-format.ts'
import { readFunction } from './read/read-function.ts'
import { GraphReader } from './read/read-graph.ts'
import { readMetadata, readOpsetImports } from './read/read-metadata.ts'

export interface ReadOptions {
  /** Gives files of external data. Without it, or where it gives `null`, such tensors have the range `none`. */
  readonly externalData?: ExternalDataResolver
  readonly limits?: DecodeLimits
}

/**
 * Reads a model. Tensors refer to ranges of `source`, which must stay readable as long as the model is used.
 * Order of nodes, versions and operators are not judged here.
 * @throws OnnxError not_onnx, invalid_graph (names defined twice or not at all), invalid_initializer, invalid_attribute,
 *   external_data_forbidden, graph_too_deep, model_too_complex, tensor_too_large
 */
export function readModel(source: ByteRange, options: ReadOptions = {}): Model {
  return modelOfMessage(decodeModel(source, options.limits ?? DECODE_LIMITS), options.externalData)
}

/**
 * The model of a decoded message.
 * @throws OnnxError as `readModel`, of the graph and its tensors
 */
export function modelOfMessage(
  message: Message<'ModelProto'>,
  resolve: ExternalDataResolver | undefined,
): Model {
  if (message.graph === undefined) {
    throw new OnnxError('invalid_graph', 'the model has no graph')
  }
  const model: Model = {
    irVersion: Number(message.ir_version ?? 0n),
    producerName: message.producer_name ?? '',
    producerVersion: message.producer_version ?? '',
    domain: message.domain ?? '',
    modelVersion: message.model_version ?? 0n,
    docString: message.doc_string ?? '',
    graph: new GraphReader(null, resolve).read(message.graph),
    opsetImports: opsetImportsOf(message),
    functions: (message.functions ?? []).map((item) => readFunction(item, resolve)),
    metadata: readMetadata(message.metadata_props),
    unknownFields: restOf(message),
  }
  rememberDefaults<'ModelProto'>(model, message, [
    'ir_version',
    'producer_name',
    'producer_version',
    'domain',
    'model_version',
    'doc_string',
  ])
  return model
}

function decodeModel(source: ByteRange, limits: DecodeLimits): Message<'ModelProto'> {
  if (source.length === 0) throw new OnnxError('not_onnx', 'the file is empty')
  const format = sniffFormat(source)
  if (format !== null) {
    throw new OnnxError('not_onnx', `the file is no ONNX model; it looks like ${format}`)
  }
  const message = decodeMessage('ModelProto', source, limits)
  const known = message.ir_version ?? message.graph ?? message.opset_import
  if (known === undefined) {
    throw new OnnxError('not_onnx', 'the file is no ONNX model; it has no IR version and no graph')
  }
  return message
}

/** The first IR version with opset imports; a model without an IR version is a test's. */
const FIRST_WITH_OPSETS = 3n

/** Earlier IR versions know no opset imports: such models use version 1 of the default domain. */
function opsetImportsOf(message: Message<'ModelProto'>): OpsetImport[] {
  if (message.opset_import !== undefined) return readOpsetImports(message.opset_import)
  if (BigInt(message.ir_version ?? 0) >= FIRST_WITH_OPSETS) return []
  const first = { domain: '', version: 1 }
  rememberImplicit(first)
  return [first]
}

function restOf(message: Message<'ModelProto'>): Uint8Array | null {
  const { training_info, configuration, unknown } = message
  const rest = Object.fromEntries(
    Object.entries({ training_info, configuration, unknown }).filter(([, value]) => value),
  )
  return Object.keys(rest).length === 0 ? null : encodeMessage('ModelProto', rest)
}
