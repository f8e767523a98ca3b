// Spooled bytes become an object. Every request has its bytes in memory, so that it can be sent again.

import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { sendInParts } from './s3-multipart.ts'
import type { S3Place } from './s3-objects.ts'
import type { Spool } from './spool.ts'

const MIB = 1024 * 1024
const SINGLE_PUT = 16 * MIB
const PART = 8 * MIB
/** Of the protocol. */
const MOST_PARTS = 10_000
/** Memory of an upload: as many parts as are under way. */
const PARTS_AT_ONCE = 3

export async function uploadSpool(
  place: S3Place,
  name: string,
  spool: Spool,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const { client, bucket } = place
  const { size } = spool
  const target = { Bucket: bucket, Key: name }
  if (size <= SINGLE_PUT) {
    const Body = await spool.read(0, size)
    await client.send(
      new PutObjectCommand({ ...target, Body, ContentLength: size, Metadata: metadata }),
    )
    return
  }
  const layout = { size, partSize: partSizeOf(size), atOnce: PARTS_AT_ONCE }
  await sendInParts(place, name, metadata, layout, async (part, { start, end }) => {
    const Body = await spool.read(start, end)
    const command = new UploadPartCommand({ ...target, ...part, Body, ContentLength: end - start })
    return (await client.send(command)).ETag
  })
}

function partSizeOf(size: number): number {
  const least = Math.ceil(size / MOST_PARTS / MIB) * MIB
  return Math.max(PART, least)
}
