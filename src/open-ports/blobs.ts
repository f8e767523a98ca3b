// Where bytes are kept: in the bucket, or in the data folder.

import { join } from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import { BLOB_DRIVERS } from '#src/adapters/blobs/index'
import { openS3Client, S3_DEFAULTS } from '#src/adapters/s3/client'
import type { Config } from '#src/config'
import type { PortOptions } from '#src/container'
import type { BlobStore } from '#src/ports/blob-store'

export async function openBlobs({ config, closers, spoolFolder }: PortOptions): Promise<BlobStore> {
  const blobs =
    config.s3Bucket === ''
      ? await BLOB_DRIVERS.fs({
          folder: join(config.dataDir, 'blobs'),
          sole: config.sharing === 'alone',
        })
      : await openBucket()
  closers.push(() => blobs.close())
  return blobs

  async function openBucket(): Promise<BlobStore> {
    const client = s3Client(config, config.s3Endpoint)
    closers.push(() => client.destroy())
    const signer = signerFor(config, client)
    if (signer !== 'none' && signer !== client) closers.push(() => signer.destroy())
    const { s3Bucket: bucket, s3Prefix: prefix } = config
    return await BLOB_DRIVERS.s3({ client, bucket, prefix, spoolFolder, signer })
  }
}

/** The client whose addresses clients can reach: that of AWS, or the one that the operator names. */
function signerFor(config: Config, client: S3Client): S3Client | 'none' {
  if (config.s3PublicEndpoint !== '') return s3Client(config, config.s3PublicEndpoint)
  return config.s3Endpoint === '' ? client : 'none'
}

/** Stores other than AWS expect the bucket in the path. */
export function s3Client(config: Config, endpoint: string): S3Client {
  return openS3Client({
    ...S3_DEFAULTS,
    endpoint: endpoint === '' ? null : endpoint,
    region: config.s3Region,
    forcePathStyle: endpoint !== '',
  })
}
