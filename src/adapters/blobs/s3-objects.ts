// Objects of one bucket: what is known of them, and listing and copying them.

import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import type { ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3'
import { isAbsent } from '../s3/s3-error.ts'
import { sendInParts } from './s3-multipart.ts'

export interface S3Place {
  readonly client: S3Client
  readonly bucket: string
}

export interface S3Object {
  readonly name: string
  readonly size: number
  /** Epoch milliseconds, in whole seconds. */
  readonly storedAt: number
}

/** A longer copy may be silent for longer than a connection may. */
const COPY_PART = 256 * 1024 * 1024
/** The most that the protocol allows. */
const LIST_PAGE = 1000

export async function headObject(
  { client, bucket }: S3Place,
  name: string,
): Promise<S3Object | null> {
  try {
    const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: name }))
    return {
      name,
      size: found.ContentLength ?? 0,
      storedAt: found.LastModified?.getTime() ?? 0,
    }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

export async function deleteObject({ client, bucket }: S3Place, name: string): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: name }))
}

/** In the order of their names. */
export async function* listObjects(
  { client, bucket }: S3Place,
  prefix: string,
  pageSize = LIST_PAGE,
): AsyncGenerator<S3Object> {
  let token: string | null = null
  do {
    const page: ListObjectsV2CommandOutput = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: pageSize,
        ...(token === null ? {} : { ContinuationToken: token }),
      }),
    )
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
      yield { name: Key, size: Size, storedAt: LastModified?.getTime() ?? 0 }
    }
    token = page.NextContinuationToken ?? null
  } while (token !== null)
}

/** Within the store. Onto itself it makes the object new. Throws the store's NoSuchKey. */
export async function copyObject(
  place: S3Place,
  from: S3Object,
  to: string,
  metadata: Readonly<Record<string, string>>,
  partSize = COPY_PART,
): Promise<void> {
  const { client, bucket } = place
  const source = { Bucket: bucket, Key: to, CopySource: encodeURI(`${bucket}/${from.name}`) }
  if (from.size <= partSize) {
    await client.send(
      new CopyObjectCommand({ ...source, MetadataDirective: 'REPLACE', Metadata: metadata }),
    )
    return
  }
  const layout = { size: from.size, partSize, atOnce: 2 }
  await sendInParts(place, to, metadata, layout, async (part, { start, end }) => {
    const { CopyPartResult } = await client.send(
      new UploadPartCopyCommand({
        ...source,
        ...part,
        CopySourceRange: `bytes=${start}-${end - 1}`,
      }),
    )
    return CopyPartResult?.ETag
  })
}
