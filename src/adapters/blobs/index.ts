// The drivers of BlobStore.

import type { BlobStore } from '#src/ports/blob-store'
import { openFsBlobs } from './fs.ts'
import { openMemoryBlobs } from './memory.ts'

export const BLOB_DRIVERS = {
  fs: openFsBlobs,
  memory: openMemoryBlobs,
} as const satisfies Record<string, (options: never) => Promise<BlobStore>>
