// Immutable bytes under the SHA-256 of their content.

import type { Readable } from 'node:stream'
import type { BlobKey } from '#src/domain/records'

export interface BlobStat {
  readonly key: BlobKey
  readonly size: number
}

export interface PutOptions {
  /** Refuse with TersorError `payload_too_large` when more bytes arrive. */
  readonly maxBytes: number
  /** Refuse with `checksum_mismatch` unless the bytes hash to this (hex). */
  readonly expectedSha256?: string
}

export interface BlobStore {
  /**
   * Streams bytes in with constant memory; they appear under their hash once, whole and durable, when this resolves.
   * Equal bytes are stored once. A source that fails leaves nothing behind.
   */
  put(source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<BlobStat>
  stat(key: BlobKey): Promise<BlobStat | null>
  /** `range` is inclusive of `start`, exclusive of `end`, in bytes. Throws TersorError `not_found`. */
  read(key: BlobKey, range?: { readonly start: number; readonly end: number }): Promise<Readable>
  /** Writes the blob to a new file at `path` (a hard link or copy-on-write clone where the store can; never writable through). */
  download(key: BlobKey, path: string): Promise<void>
  /**
   * The file of this machine that holds the bytes, for this process to read and never to write or hand out; `null`
   * where the store keeps them elsewhere. Throws TersorError `not_found`.
   */
  localPath(key: BlobKey): Promise<string | null>
  delete(key: BlobKey): Promise<void>
  keys(): AsyncIterable<BlobKey>
  close(): Promise<void>
}
