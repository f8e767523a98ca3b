// A BlobStore in the bucket of the test run, under a prefix made of its folder.

import { basename, join } from 'node:path'
import { BLOB_DRIVERS } from '#src/adapters/blobs/index'
import { openS3Client } from '#src/adapters/s3/client'
import type { BlobStore } from '#src/ports/blob-store'
import { testS3 } from './test-s3.ts'

export interface TestS3Blobs {
  /** Another way to the same server, as a proxy is. */
  readonly endpoint?: string
  readonly idleMs?: number
  readonly stallMs?: number
  readonly graceMs?: number
}

export async function openTestS3Blobs(
  folder: string,
  { endpoint, idleMs = 15_000, ...options }: TestS3Blobs = {},
): Promise<BlobStore> {
  const { accessKey, secretKey, bucket, region, ...s3 } = testS3()
  const client = openS3Client({
    endpoint: endpoint ?? s3.endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKey, secretKey },
    idleMs,
  })
  const store = await BLOB_DRIVERS.s3({
    client,
    bucket,
    prefix: basename(folder),
    spoolFolder: join(folder, 'spool'),
    signer: client,
    ...options,
  })
  return {
    ...store,
    async close() {
      await store.close()
      client.destroy()
    },
  }
}
