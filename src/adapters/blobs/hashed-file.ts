// A new file and the SHA-256 of what is appended to it. One write is under way while the next bytes are hashed.

import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** Bytes gathered per write: at most this much waits while as much is being written. */
const WRITE_BATCH = 1024 * 1024
/** Bytes after which the disk is asked to start, so that the flush at the end has little left to do. */
const FLUSH_EVERY = 64 * 1024 * 1024

export class HashedFile {
  size = 0
  readonly #file: FileHandle
  readonly #hash = createHash('sha256')
  #batch: Uint8Array[] = []
  #batched = 0
  #unflushed = 0
  #writing: Promise<unknown> = Promise.resolve()
  #flushing: Promise<unknown> = Promise.resolve()
  #failure: { readonly error: unknown } | null = null

  readonly #durable: boolean

  private constructor(file: FileHandle, durable: boolean) {
    this.#file = file
    this.#durable = durable
  }

  /** Throws when the file exists. One that need not outlive a power cut is not `durable`. */
  static async create(path: string, durable = true): Promise<HashedFile> {
    return new HashedFile(await open(path, 'wx+'), durable)
  }

  /** Keeps the chunk until it is written: it must not change afterwards. */
  async append(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk)
    this.size += chunk.byteLength
    this.#batch.push(chunk)
    this.#batched += chunk.byteLength
    if (this.#batched >= WRITE_BATCH) await this.#write()
  }

  /** Waits until all bytes are written, and on the disk when it is durable. Returns their hash in hex. */
  async finish(): Promise<string> {
    await this.#write()
    await this.#writing
    await this.#flushing
    this.#throwFailure()
    if (this.#durable) await this.#file.sync()
    return this.#hash.digest('hex')
  }

  /** Bytes of a finished file. */
  async read(start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(end - start)
    let done = 0
    while (done < bytes.byteLength) {
      const { bytesRead } = await this.#file.read(
        bytes,
        done,
        bytes.byteLength - done,
        start + done,
      )
      if (bytesRead === 0) throw new Error('the file is shorter than what was written to it')
      done += bytesRead
    }
    return bytes
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#flushing
    await this.#file.close()
  }

  async #write(): Promise<void> {
    await this.#writing
    this.#throwFailure()
    if (this.#durable && this.#unflushed >= FLUSH_EVERY) {
      await this.#flushing
      this.#unflushed = 0
      this.#flushing = this.#file.datasync().catch((error: unknown) => this.#fail(error))
    }
    const batch = this.#batch
    this.#unflushed += this.#batched
    this.#batch = []
    this.#batched = 0
    this.#writing = writeAll(this.#file, batch).catch((error: unknown) => this.#fail(error))
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error
  }
}

/** `writev` may write less than it was given, as when the disk fills. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  if (total === 0) return
  const { bytesWritten } = await file.writev(chunks)
  if (bytesWritten === total) return
  let skip = bytesWritten
  for (const chunk of chunks) {
    const rest = chunk.subarray(Math.min(skip, chunk.byteLength))
    skip -= chunk.byteLength - rest.byteLength
    let offset = 0
    while (offset < rest.byteLength) {
      const written = await file.write(rest, offset)
      offset += written.bytesWritten
    }
  }
}
