// The little-endian bytes of a tensor, whichever way it stores its elements. The host is little-endian.

import { DATA_TYPES } from './ir/data-type.ts'
import type { Tensor } from './ir/tensor.ts'
import { OnnxError } from './onnx-error.ts'

/**
 * The form that `raw_data` has. A view wherever the storage has that form already; do not write to it.
 * @throws OnnxError external_data_missing; invalid_initializer for strings
 */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const { storage } = tensor
  switch (storage.kind) {
    case 'raw':
      return storage.range.bytes()
    case 'external':
      if (storage.range === 'none') throw missingData(tensor, storage.entries)
      return storage.range.bytes()
    case 'float_data':
    case 'double_data':
    case 'int64_data':
      return bytesOf(storage.values)
    case 'int32_data':
      return bytesOf(narrowInt32(tensor, storage.values))
    case 'uint64_data':
      return bytesOf(
        tensor.dtype === 'uint32' ? Uint32Array.from(storage.values, Number) : storage.values,
      )
    case 'string_data':
      throw new OnnxError('invalid_initializer', `tensor '${tensor.name}' holds strings`, {
        tensor: tensor.name,
      })
    case 'none':
      return new Uint8Array(0)
  }
}

function missingData(tensor: Tensor, entries: readonly (readonly [string, string])[]): OnnxError {
  const location = entries.find(([key]) => key === 'location')?.[1] ?? ''
  return new OnnxError(
    'external_data_missing',
    `tensor '${tensor.name}' is in the file '${location}', which was not given`,
    { tensor: tensor.name, location },
  )
}

/** `int32_data` holds narrower types one per entry, except sub-byte elements: a packed byte per entry. */
function narrowInt32(tensor: Tensor, values: Int32Array): Int32Array | Uint16Array | Uint8Array {
  const { bits } = DATA_TYPES[tensor.dtype]
  if (bits === 32) return values
  return bits === 16 ? Uint16Array.from(values) : Uint8Array.from(values)
}

function bytesOf(array: {
  readonly buffer: ArrayBufferLike
  readonly byteOffset: number
  readonly byteLength: number
}): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

type ViewConstructor<View> = {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, offset: number, length: number): View
}

/** The bytes as elements of a wider type: a view when they are aligned, else a copy. */
export function viewAs<View>(constructor: ViewConstructor<View>, bytes: Uint8Array): View {
  const width = constructor.BYTES_PER_ELEMENT
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes)
  const length = Math.floor(aligned.byteLength / width)
  return new constructor(aligned.buffer as ArrayBuffer, aligned.byteOffset, length)
}
