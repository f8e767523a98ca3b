// How many bytes of a file travel when it is sent compressed: zstd at its default level, in constant memory.

import { createReadStream } from 'node:fs'
import { Zstd } from '@hpcc-js/wasm-zstd'

const CHUNK_BYTES = 1024 * 1024

/** Compiles the compressor, which takes a while: whoever waits anyway does it ahead. */
export async function prepareTransferSize(): Promise<void> {
  await Zstd.load()
}

/** Sum over the files, one frame each. */
export async function transferSize(paths: readonly string[]): Promise<number> {
  const zstd = await Zstd.load()
  let total = 0
  for (const path of paths) {
    zstd.reset()
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      total += zstd.compressChunk(chunk as Uint8Array).byteLength
    }
    total += zstd.compressEnd().byteLength
  }
  return total
}
