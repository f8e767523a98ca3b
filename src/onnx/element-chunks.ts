// The elements of a tensor a few MiB at a time: a tensor of a gigabyte that lies in a file is never in memory as a whole.

import { DATA_TYPES } from './ir/data-type.ts'
import { bufferRange } from './ir/byte-range.ts'
import type { Tensor } from './ir/tensor.ts'
import type { ElementArray } from './tensor-values.ts'
import { elements } from './tensor-values.ts'

const CHUNK_BYTES = 4 * 2 ** 20

/** Typed arrays of the tensor's own type, in order (tensor-values `elements`, in parts). */
export function* elementChunks(tensor: Tensor): IterableIterator<ElementArray> {
  const { storage, dtype } = tensor
  const { bits } = DATA_TYPES[dtype]
  const range = storage.kind === 'raw' || storage.kind === 'external' ? storage.range : 'none'
  if (range === 'none' || bits === 'none' || bits < 8 || range.length <= CHUNK_BYTES) {
    yield elements(tensor)
    return
  }
  const elementBytes = bits / 8
  for (let start = 0; start < range.length; start += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, range.length - start)
    const bytes = range.slice(start, length).bytes()
    const part: Tensor = {
      kind: 'tensor',
      name: tensor.name,
      dtype,
      dims: [length / elementBytes],
      storage: { kind: 'raw', range: bufferRange(bytes) },
    }
    yield elements(part)
  }
}
