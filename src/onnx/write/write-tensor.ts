// Tensor, SparseTensor → messages.

import { DATA_TYPES } from '../ir/data-type.ts'
import type { SparseTensor, Tensor, TensorStorage } from '../ir/tensor.ts'
import { originOf } from '../origins.ts'
import type { Message } from '../proto/schema.ts'
import type { ExternalEntries, ExternalLayout } from './external-layout.ts'
import { rangeOf } from './external-layout.ts'
import { metadataMessages } from './write-metadata.ts'

const EXTERNAL = 1

/** 'keep': tensors stay external where they are; 'inline': their bytes move into the model; a layout: to a new file. */
export type ExternalPolicy = 'keep' | 'inline' | ExternalLayout

/**
 * @param name the name to write, usually the value's
 * @throws OnnxError external_data_missing when bytes have to move that were never found
 */
export function tensorMessage(
  tensor: Tensor,
  name: string,
  policy: ExternalPolicy,
): Message<'TensorProto'> {
  const moved = typeof policy === 'string' ? null : policy.place(tensor)
  if (moved !== null) return { ...withoutData(tensor, name), ...externalFields(moved) }
  const embedded = tensor.storage.kind === 'external' && policy !== 'keep'
  if (embedded) return { ...withoutData(tensor, name), raw_data: rangeOf(tensor) }
  const origin = originOf<'TensorProto'>(tensor)
  if (origin.data_type !== undefined) {
    return name === (origin.name ?? '') ? origin : { ...origin, name }
  }
  return { ...withoutData(tensor, name), ...dataFields(tensor.storage) }
}

function withoutData(tensor: Tensor, name: string): Message<'TensorProto'> {
  return {
    ...(tensor.dims.length > 0 ? { dims: tensor.dims.map(BigInt) } : {}),
    data_type: DATA_TYPES[tensor.dtype].code,
    ...(name === '' ? {} : { name }),
    ...(tensor.docString ? { doc_string: tensor.docString } : {}),
    ...(tensor.metadata?.length ? { metadata_props: metadataMessages(tensor.metadata) } : {}),
  }
}

function externalFields(entries: ExternalEntries): Message<'TensorProto'> {
  return { external_data: metadataMessages(entries), data_location: EXTERNAL }
}

function dataFields(storage: TensorStorage): Message<'TensorProto'> {
  switch (storage.kind) {
    case 'raw':
      return { raw_data: storage.range }
    case 'external':
      return externalFields(storage.entries)
    case 'float_data':
      return { float_data: storage.values }
    case 'int32_data':
      return { int32_data: storage.values }
    case 'int64_data':
      return { int64_data: storage.values }
    case 'double_data':
      return { double_data: storage.values }
    case 'uint64_data':
      return { uint64_data: storage.values }
    case 'string_data':
      return { string_data: storage.values }
    case 'none':
      return {}
  }
}

export function sparseTensorMessage(
  sparse: SparseTensor,
  name: string,
  policy: 'keep' | 'inline',
): Message<'SparseTensorProto'> {
  return {
    ...originOf<'SparseTensorProto'>(sparse),
    ...(sparse.dims.length > 0 ? { dims: sparse.dims.map(BigInt) } : {}),
    values: tensorMessage(sparse.values, name, policy),
    indices: tensorMessage(sparse.indices, sparse.indices.name, policy),
  }
}
