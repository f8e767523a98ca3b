// Streams of bytes drawn from a seed: big without being kept.

import { createHash } from 'node:crypto'

export interface ByteStream {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly sha256: string
}

/** Numbers in [0, 2³²) by Marsaglia's xorshift32 (Journal of Statistical Software 8(14), 2003). */
export function xorshift32(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state
  }
}

function* chunksOf(total: number, seed: number, chunkBytes: number): Generator<Buffer> {
  const next = xorshift32(seed)
  for (let start = 0; start < total; start += chunkBytes) {
    const chunk = Buffer.alloc(Math.min(chunkBytes, total - start), start % 251)
    for (let offset = 0; offset + 4 <= chunk.length; offset += 4096) {
      chunk.writeUInt32LE(next(), offset)
    }
    yield chunk
  }
}

/** `total` bytes in chunks of `chunkBytes`; equal arguments give equal bytes. */
export function byteStream(total: number, seed: number, chunkBytes = 65_536): ByteStream {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(total, seed, chunkBytes)) hash.update(chunk)
  return {
    sha256: hash.digest('hex'),
    bytes: (async function* stream() {
      yield* chunksOf(total, seed, chunkBytes)
    })(),
  }
}

export async function* oneChunk(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function sha256Of(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of source) hash.update(chunk)
  return hash.digest('hex')
}
