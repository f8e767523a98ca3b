// Immutable bytes under the SHA-256 of their content.

import type { Readable } from 'node:stream'
import type { BlobKey } from '#src/domain/records'

/** A blob that no record names may go when it was stored longer ago; half of it is left to write the record after a `put`. */
export const BLOB_GRACE_MS = 3_600_000

export interface BlobStat {
  readonly key: BlobKey
  readonly size: number
}

export interface PutOptions {
  /** Refuse with TersorError `payload_too_large` when more bytes arrive. */
  readonly maxBytes: number
  /** Refuse with `checksum_mismatch` unless the bytes hash to this (hex). */
  readonly expectedSha256?: string
  /** No equal bytes were ever stored, as they hold an id or a time of their own: a store need not look for them. */
  readonly areUnique?: boolean
}

export interface StoredBlob {
  readonly key: BlobKey
  /** Epoch milliseconds of the last `put` that stored these bytes or made sure that they stay. */
  readonly storedAt: number
}

export interface ReadUrlOptions {
  readonly seconds: number
  /** The name and type under which the bytes are saved. */
  readonly filename: string
  readonly mediaType: string
}

export interface WriteUrlOptions {
  readonly seconds: number
  /** Exactly as many bytes must be sent. */
  readonly bytes: number
}

export interface IncomingPart {
  readonly part: string
  readonly size: number
  /** Epoch milliseconds. */
  readonly storedAt: number
}

/**
 * Bytes between a client and the store without passing through this process, by addresses that work for a while.
 * Parts that clients write lie apart from the blobs under names the caller makes up (`<upload>/<number>`); nothing is
 * known of their bytes before they are read: `put` them to check and keep them.
 */
export interface DirectAccess {
  readUrl(key: BlobKey, options: ReadUrlOptions): Promise<string>
  /** For one PUT; a later one to the same address replaces the part. */
  writeUrl(part: string, options: WriteUrlOptions): Promise<string>
  statPart(part: string): Promise<IncomingPart | null>
  /** Throws TersorError `not_found`. */
  readPart(part: string): Promise<Readable>
  deletePart(part: string): Promise<void>
  /** Those whose names begin with `prefix`. */
  parts(prefix: string): AsyncIterable<IncomingPart>
}

export interface BlobStore {
  readonly direct: DirectAccess | 'none'
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
  /**
   * Deletes the blob unless a `put` has stored it, or made sure that it stays, at or after `storedBefore`: for blobs that
   * no record named just now. A store of several processes keeps the bytes for as long again, so that a record written
   * meanwhile finds them.
   */
  retire(key: BlobKey, storedBefore: number): Promise<void>
  keys(): AsyncIterable<StoredBlob>
  close(): Promise<void>
}
