// Blobs are shared by content: one may be dropped only when no record names it and no upload is about to.

import type { BlobKey } from '#src/domain/records'
import type { BlobStore } from '#src/ports/blob-store'
import type { RecordStore } from '#src/ports/record-store'
import { blobIsUsed } from './blob-uses.ts'

export class BlobPins {
  readonly #pins = new Map<BlobKey, number>()
  readonly #sharing: 'alone' | 'shared'

  constructor(sharing: 'alone' | 'shared') {
    this.#sharing = sharing
  }

  /** Whether equal bytes may have been dropped between a `put` and its pin. Shared, a `put` keeps them for half a grace. */
  get dropsAtOnce(): boolean {
    return this.#sharing === 'alone'
  }

  pin(key: BlobKey): void {
    this.#pins.set(key, (this.#pins.get(key) ?? 0) + 1)
  }

  unpin(key: BlobKey): void {
    const left = (this.#pins.get(key) ?? 0) - 1
    if (left > 0) this.#pins.set(key, left)
    else this.#pins.delete(key)
  }

  /**
   * Deletes the blob unless a model, dataset, artifact or upload of any tenant, or a request in progress, needs it.
   * Where other processes may be about to need it, it stays until the collection of old blobs comes by.
   */
  async dropUnused(blobs: BlobStore, records: RecordStore, key: BlobKey): Promise<void> {
    if (!this.dropsAtOnce) return
    if (await blobIsUsed(records, key)) return
    if (this.#pins.has(key)) return
    await blobs.delete(key)
  }
}
