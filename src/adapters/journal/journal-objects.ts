// What a journal needs of a store of objects: small ones, written once, whole or not at all.

export interface JournalObject {
  readonly name: string
  readonly bytes: number
}

export interface JournalObjects {
  /** Durable when this resolves. Names are never used twice. */
  put(name: string, body: Uint8Array): Promise<void>
  /** `null` when it is not there. */
  get(name: string): Promise<Uint8Array | null>
  /** Those whose names begin with the prefix. */
  list(prefix: string): Promise<readonly JournalObject[]>
  /** Removing what is absent is no failure. */
  remove(name: string): Promise<void>
  close(): Promise<void>
}
