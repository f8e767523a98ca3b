// Where each tensor goes when weights are written to a file beside the model.

import type { Tensor } from '../ir/tensor.ts'
import type { ByteRange } from '../ir/byte-range.ts'
import { bufferRange } from '../ir/byte-range.ts'
import { tensorBytes } from '../tensor-bytes.ts'

const ALIGNMENT = 64
/** Tensors of this size can be mapped from the file, which needs the start of a page. */
const MAPPED_BYTES = 1024 * 1024
const PAGE_BYTES = 4096

export type ExternalEntries = readonly (readonly [string, string])[]

export class ExternalLayout {
  readonly #location: string
  readonly #threshold: number
  readonly #pieces: { readonly offset: number; readonly range: ByteRange }[] = []
  readonly #placed = new Map<Tensor, ExternalEntries>()
  #end = 0

  /** @param threshold bytes from which a tensor is written to the file */
  constructor(location: string, threshold: number) {
    this.#location = location
    this.#threshold = threshold
  }

  /** The entries that refer to the tensor's place, or `null` when it stays in the model. */
  place(tensor: Tensor): ExternalEntries | null {
    if (tensor.dtype === 'string') return null
    const known = this.#placed.get(tensor)
    if (known !== undefined) return known
    const range = rangeOf(tensor)
    if (range.length < this.#threshold) return null
    const alignment = range.length >= MAPPED_BYTES ? PAGE_BYTES : ALIGNMENT
    const offset = Math.ceil(this.#end / alignment) * alignment
    this.#end = offset + range.length
    this.#pieces.push({ offset, range })
    const entries: ExternalEntries = [
      ['location', this.#location],
      ['offset', String(offset)],
      ['length', String(range.length)],
    ]
    this.#placed.set(tensor, entries)
    return entries
  }

  /** The content of the file: pieces in order, gaps as zeros. */
  *ranges(): IterableIterator<ByteRange> {
    let end = 0
    for (const { offset, range } of this.#pieces) {
      if (offset > end) yield bufferRange(new Uint8Array(offset - end))
      yield range
      end = offset + range.length
    }
  }
}

/** The tensor's little-endian bytes, without reading what lies in a file. */
export function rangeOf(tensor: Tensor): ByteRange {
  const { storage } = tensor
  if (storage.kind === 'raw') return storage.range
  if (storage.kind === 'external' && storage.range !== 'none') return storage.range
  return bufferRange(tensorBytes(tensor))
}
