// The elements of a tensor a MiB at a time: a tensor of a gigabyte that lies in a file is never in memory as a whole.

import { DATA_TYPES } from './ir/data-type.ts'
import type { ByteRange } from './ir/byte-range.ts'
import { bufferRange } from './ir/byte-range.ts'
import type { Tensor } from './ir/tensor.ts'
import { rawTensor } from './ir/tensor.ts'
import type { ElementArray } from './tensor-values.ts'
import { tensorBytes } from './tensor-bytes.ts'
import { elements } from './tensor-values.ts'

const CHUNK_BYTES = 2 ** 20

/** Memory that chunks of files are read into, one after the other. */
export class ChunkBuffer {
  #bytes: Uint8Array | null = null

  read(range: ByteRange, start: number, length: number): Uint8Array {
    if (range.readInto === undefined) return range.slice(start, length).bytes()
    this.#bytes ??= new Uint8Array(CHUNK_BYTES)
    const target = this.#bytes.subarray(0, length)
    range.readInto(target, start)
    return target
  }
}

/**
 * Typed arrays of the tensor's own type, in order (tensor-values `elements`, in parts). Each is valid until the next is
 * asked for, from any tensor that shares the buffer.
 */
export function* elementChunks(
  tensor: Tensor,
  buffer: ChunkBuffer = new ChunkBuffer(),
): IterableIterator<ElementArray> {
  const { storage, dtype } = tensor
  const { bits } = DATA_TYPES[dtype]
  if (bits === 'none' || bits < 8) {
    yield elements(tensor)
    return
  }
  const stored = storage.kind === 'raw' || storage.kind === 'external' ? storage.range : 'none'
  const range = stored === 'none' ? bufferRange(tensorBytes(tensor)) : stored
  const elementBytes = bits / 8
  for (let start = 0; start < range.length; start += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, range.length - start)
    const bytes = buffer.read(range, start, length)
    const dims = [length / elementBytes]
    yield elements(rawTensor(tensor.name, dtype, dims, bytes))
  }
}
