// Model → the bytes of a ModelProto, as a stream of chunks. Tensor bytes are views of where they lie, not copies.

import type { ByteRange } from './ir/byte-range.ts'
import type { Model } from './ir/model.ts'
import { originOf } from './origins.ts'
import { encodeSegments } from './proto/encode-message.ts'
import type { Message } from './proto/schema.ts'
import type { Segment } from './proto/wire-writer.ts'
import { ExternalLayout } from './write/external-layout.ts'
import { functionMessage, graphMessage, restOf } from './write/write-graph.ts'
import { filled, metadataMessages, opsetMessages } from './write/write-metadata.ts'
import type { ExternalPolicy } from './write/write-tensor.ts'

export interface ExternalDataTarget {
  /** What the model calls the file: a path relative to its own folder. */
  readonly location: string
  /** Bytes from which a tensor goes to the file. */
  readonly threshold: number
  /** Takes the file's bytes in order, before the first chunk of the model. */
  readonly sink: (chunk: Uint8Array) => void
}

export interface WriteOptions {
  /** 'keep' (the default) leaves external tensors where they are; 'inline' moves them into the model. */
  readonly externalData?: 'keep' | 'inline' | ExternalDataTarget
}

/** A range that lies in a file is read in pieces of this size. */
const PIECE_BYTES = 1024 * 1024

/**
 * Writes a model; an untouched one gives back every field of its file, in ascending order of field numbers. Chunks may be
 * views of the model's own weights: consume them before changing anything, and do not write to them.
 * @throws OnnxError external_data_missing when tensors have to move whose bytes were never found
 */
export function* writeModel(model: Model, options: WriteOptions = {}): Generator<Uint8Array> {
  const target = options.externalData ?? 'keep'
  if (typeof target === 'string') {
    for (const segment of segmentsOf(model, target)) yield* chunksOf(segment)
    return
  }
  const layout = new ExternalLayout(target.location, target.threshold)
  const segments = segmentsOf(model, layout)
  for (const range of layout.ranges()) for (const chunk of chunksOf(range)) target.sink(chunk)
  for (const segment of segments) yield* chunksOf(segment)
}

/** The whole file in memory. */
export function modelBytes(model: Model, externalData: 'keep' | 'inline' = 'keep'): Uint8Array {
  const segments = segmentsOf(model, externalData)
  const bytes = new Uint8Array(totalLength(segments))
  let offset = 0
  for (const segment of segments) {
    for (const chunk of chunksOf(segment)) {
      bytes.set(chunk, offset)
      offset += chunk.byteLength
    }
  }
  return bytes
}

/** Bytes of the file, without producing it. */
export function modelSize(model: Model, externalData: 'keep' | 'inline' = 'keep'): number {
  return totalLength(segmentsOf(model, externalData))
}

function totalLength(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.length, 0)
}

function* chunksOf(segment: Uint8Array | ByteRange): Generator<Uint8Array> {
  if (segment instanceof Uint8Array) yield segment
  else if (segment.resident) yield segment.bytes()
  else {
    for (let offset = 0; offset < segment.length; offset += PIECE_BYTES) {
      yield segment.slice(offset, Math.min(PIECE_BYTES, segment.length - offset)).bytes()
    }
  }
}

function segmentsOf(model: Model, policy: ExternalPolicy): Segment[] {
  const message: Message<'ModelProto'> = {
    ...originOf<'ModelProto'>(model),
    ...restOf('ModelProto', model.unknownFields),
    ...filled({
      ir_version: BigInt(model.irVersion),
      producer_name: model.producerName,
      producer_version: model.producerVersion,
      domain: model.domain,
      model_version: model.modelVersion,
      doc_string: model.docString,
      opset_import: opsetMessages(model.opsetImports),
      metadata_props: metadataMessages(model.metadata),
      functions: model.functions.map((definition) => functionMessage(definition, policy)),
    }),
    graph: graphMessage(model.graph, policy),
  }
  return encodeSegments('ModelProto', message)
}
