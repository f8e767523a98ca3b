// Bytes in the heap, each under its text: cheap to name and to look into.

import { Readable } from 'node:stream'
import { TersorError } from '#src/domain/errors'
import type { BlobStat, BlobStore } from '#src/ports/blob-store'

export class SimulatedBlobs {
  readonly #contents: Set<string>

  /** @param contents what is there from the beginning */
  constructor(contents: readonly string[]) {
    this.#contents = new Set(contents)
  }

  content(key: string): string | undefined {
    return this.#contents.has(key) ? key : undefined
  }

  async put(source: AsyncIterable<Uint8Array>): Promise<BlobStat> {
    let text = ''
    for await (const chunk of source) text += Buffer.from(chunk).toString()
    this.#contents.add(text)
    return { key: text, size: text.length }
  }

  stat(key: string): BlobStat | null {
    return this.#contents.has(key) ? { key, size: key.length } : null
  }

  download(key: string): void {
    if (!this.#contents.has(key)) throw new TersorError('not_found', 'simulated')
  }

  delete(key: string): void {
    this.#contents.delete(key)
  }

  /** What jobs never ask for is not there. */
  get rest(): Pick<BlobStore, 'direct' | 'read' | 'localPath' | 'retire' | 'keys' | 'close'> {
    return {
      direct: 'none',
      read: async (key) => Readable.from([Buffer.from(key)]),
      localPath: async () => null,
      retire: async () => undefined,
      async *keys() {},
      close: async () => undefined,
    }
  }
}
