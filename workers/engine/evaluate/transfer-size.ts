// Bytes of a model on the wire: zstd at its default level, in frames of bounded size.

import { Zstd } from '@hpcc-js/wasm-zstd'

const LEVEL = 3
const FRAME_BYTES = 64 * 2 ** 20

export async function transferSize(chunks: Iterable<Uint8Array>): Promise<number> {
  const zstd = await Zstd.load()
  let size = 0
  let pending: Uint8Array[] = []
  let length = 0
  const flush = (): void => {
    if (length === 0) return
    size += zstd.compress(Buffer.concat(pending), LEVEL).byteLength
    pending = []
    length = 0
  }
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.byteLength; start += FRAME_BYTES) {
      const part = chunk.subarray(start, start + FRAME_BYTES)
      pending.push(part)
      length += part.byteLength
      if (length >= FRAME_BYTES) flush()
    }
  }
  flush()
  return size
}
