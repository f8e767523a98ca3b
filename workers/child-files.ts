// What children leave in their folders, as the worker reads and removes it.

import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'

export interface ChildFiles {
  read(path: string): AsyncIterable<Uint8Array>
  remove(path: string): Promise<void>
}

export const CHILD_FILES: ChildFiles = {
  read: (path) => createReadStream(path),
  remove: (path) => rm(path, { force: true }),
}
