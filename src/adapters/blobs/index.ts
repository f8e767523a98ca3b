// The drivers of BlobStore.

import type { BlobStore } from '#src/ports/blob-store'
import { openFsBlobs } from './fs.ts'
import { openMemoryBlobs } from './memory.ts'
import { openS3Blobs } from './s3.ts'

export const BLOB_DRIVERS = {
  fs: openFsBlobs,
  memory: openMemoryBlobs,
  s3: openS3Blobs,
} as const satisfies Record<string, (options: never) => Promise<BlobStore>>
