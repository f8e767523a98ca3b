// A large object, part by part: it appears whole or not at all.

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3'
import type { CompletedPart } from '@aws-sdk/client-s3'
import type { S3Place } from './s3-objects.ts'

export interface PartLayout {
  readonly size: number
  readonly partSize: number
  readonly atOnce: number
}

interface PartName {
  readonly UploadId: string
  readonly PartNumber: number
}

/** Returns the ETag of the part. */
export type SendPart = (
  part: PartName,
  range: { readonly start: number; readonly end: number },
) => Promise<string | undefined>

/** Clocks of machines differ by less. */
const CLOCK_SKEW_MS = 60_000
const STALE_MS = 24 * 3600 * 1000

export async function sendInParts(
  place: S3Place,
  name: string,
  metadata: Readonly<Record<string, string>>,
  layout: PartLayout,
  sendPart: SendPart,
): Promise<void> {
  const { client, bucket } = place
  const target = { Bucket: bucket, Key: name }
  const startedAt = Date.now()
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ ...target, Metadata: metadata }),
  )
  if (UploadId === undefined) throw new Error('the object store began no upload')
  try {
    const Parts = await sendAll(layout, UploadId, sendPart)
    const complete = { ...target, UploadId, MultipartUpload: { Parts } }
    await client
      .send(new CompleteMultipartUploadCommand(complete))
      .catch(async (error: unknown) => {
        // An earlier try may have done it although its answer was an error or never came.
        const found = await client.send(new HeadObjectCommand(target)).catch(() => null)
        const isOurs = (found?.LastModified?.getTime() ?? 0) >= startedAt - CLOCK_SKEW_MS
        if (found?.ContentLength !== layout.size || !isOurs) throw error
      })
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => {})
    throw error
  }
}

async function sendAll(
  { size, partSize, atOnce }: PartLayout,
  uploadId: string,
  sendPart: SendPart,
): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = Array.from({ length: Math.ceil(size / partSize) }, () => ({}))
  let next = 0
  const sendSome = async (): Promise<void> => {
    while (next < parts.length) {
      const index = next
      next += 1
      const PartNumber = index + 1
      const range = { start: index * partSize, end: Math.min(size, (index + 1) * partSize) }
      const ETag = await sendPart({ UploadId: uploadId, PartNumber }, range)
      if (ETag === undefined) throw new Error('the object store named no ETag of a part')
      parts[index] = { ETag, PartNumber }
    }
  }
  const stop = (error: unknown): never => {
    next = parts.length
    throw error
  }
  // All settled: nobody reads the spool any more when this ends.
  const done = await Promise.allSettled(
    Array.from({ length: atOnce }, () => sendSome().catch(stop)),
  )
  const failed = done.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return parts
}

/** Ends uploads that a process left when it died, a day ago or more: their parts cost space and no listing shows them. */
export async function abortStaleUploads(
  { client, bucket }: S3Place,
  prefix: string,
): Promise<void> {
  const { Uploads = [] } = await client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }),
  )
  for (const { Key, UploadId, Initiated } of Uploads) {
    if (Initiated === undefined || Initiated.getTime() > Date.now() - STALE_MS) continue
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
  }
}
