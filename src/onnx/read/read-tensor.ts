// `TensorProto`, `SparseTensorProto` → Tensor, SparseTensor. Elements stay where they are; their number is checked.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES, byteLength, dataTypeOfCode } from '../ir/data-type.ts'
import type { SparseTensor, Tensor, TensorStorage } from '../ir/tensor.ts'
import { tensorSize } from '../ir/tensor.ts'
import type { ExternalDataResolver } from '../external-data.ts'
import { resolveExternal } from '../external-data.ts'
import { OnnxError } from '../onnx-error.ts'
import { rememberOrigin } from '../origins.ts'
import type { Message } from '../proto/schema.ts'
import { readMetadata } from './read-metadata.ts'

const EXTERNAL = 1

type DataField = 'float_data' | 'int32_data' | 'int64_data' | 'double_data' | 'uint64_data'

/** The field for each type when the elements are not in `raw_data`: the comments of `TensorProto`. */
function dataField(dtype: DataType): DataField | 'string_data' {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return 'float_data'
    case 'float64':
    case 'complex128':
      return 'double_data'
    case 'int64':
      return 'int64_data'
    case 'uint32':
    case 'uint64':
      return 'uint64_data'
    case 'string':
      return 'string_data'
    default:
      return 'int32_data'
  }
}

/** Entries of the data field for `count` elements. */
function entryCount(dtype: DataType, count: number): number {
  const { bits, family } = DATA_TYPES[dtype]
  if (family === 'complex') return count * 2
  return bits !== 'none' && bits < 8 ? Math.ceil((count * bits) / 8) : count
}

/**
 * @throws OnnxError invalid_initializer, external_data_forbidden
 */
export function readTensor(
  message: Message<'TensorProto'>,
  resolve: ExternalDataResolver | undefined,
): Tensor {
  const name = message.name ?? ''
  const dtype = dataTypeOfCode(message.data_type ?? 0)
  if (dtype === 'none') {
    throw invalid(name, `has the unknown data type ${message.data_type ?? 0}`)
  }
  const dims = readDims(name, message.dims)
  const tensor: Tensor = {
    kind: 'tensor',
    name,
    dtype,
    dims,
    storage: readStorage(message, name, dtype, tensorSize({ dims }), resolve),
    ...(message.doc_string ? { docString: message.doc_string } : {}),
    ...(message.metadata_props ? { metadata: readMetadata(message.metadata_props) } : {}),
  }
  rememberOrigin<'TensorProto'>(tensor, message)
  return tensor
}

function readDims(name: string, dims: readonly bigint[] | undefined): number[] {
  return (dims ?? []).map((dim) => {
    if (dim < 0n) throw invalid(name, `has the negative dimension ${dim}`)
    return Number(dim)
  })
}

function readStorage(
  message: Message<'TensorProto'>,
  name: string,
  dtype: DataType,
  count: number,
  resolve: ExternalDataResolver | undefined,
): TensorStorage {
  const bytes = byteLength(dtype, count)
  if (message.data_location === EXTERNAL) {
    if (bytes === 'none') throw invalid(name, 'holds strings, which cannot be external')
    return resolveExternal(readMetadata(message.external_data), name, bytes, resolve)
  }
  if (message.raw_data !== undefined && (message.raw_data.length > 0 || count === 0)) {
    if (bytes === 'none') throw invalid(name, 'holds strings, which cannot be in raw_data')
    const { length } = message.raw_data
    if (length !== bytes) throw invalid(name, `needs ${bytes} bytes and has ${length} in raw_data`)
    return { kind: 'raw', range: message.raw_data }
  }
  return readDataField(message, name, dtype, count)
}

function readDataField(
  message: Message<'TensorProto'>,
  name: string,
  dtype: DataType,
  count: number,
): TensorStorage {
  const kind = dataField(dtype)
  const values = message[kind]
  const needed = entryCount(dtype, count)
  const given = values?.length ?? 0
  if (given !== needed) {
    throw invalid(name, `needs ${needed} entries in ${kind} for its type ${dtype} and has ${given}`)
  }
  return values === undefined ? { kind: 'none' } : ({ kind, values } as TensorStorage)
}

function invalid(tensor: string, fault: string): OnnxError {
  return new OnnxError('invalid_initializer', `tensor '${tensor}' ${fault}`, { tensor })
}

/**
 * @throws OnnxError invalid_initializer, external_data_forbidden
 */
export function readSparseTensor(
  message: Message<'SparseTensorProto'>,
  resolve: ExternalDataResolver | undefined,
): SparseTensor {
  const name = message.values?.name ?? ''
  if (message.values === undefined || message.indices === undefined) {
    throw invalid(name, 'is sparse and lacks its values or its indices')
  }
  const sparse: SparseTensor = {
    kind: 'sparse_tensor',
    dims: readDims(name, message.dims),
    values: readTensor(message.values, resolve),
    indices: readTensor(message.indices, resolve),
  }
  rememberOrigin<'SparseTensorProto'>(sparse, message)
  return sparse
}
