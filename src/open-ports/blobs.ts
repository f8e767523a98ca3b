// Where bytes are kept: in the bucket, or in the data folder.

import { join } from 'node:path'
import { BLOB_DRIVERS } from '#src/adapters/blobs/index'
import type { Config } from '#src/config'
import type { BlobStore } from '#src/ports/blob-store'

export async function openBlobs(config: Config): Promise<BlobStore> {
  return await BLOB_DRIVERS.fs({ folder: join(config.dataDir, 'blobs') })
}
