// Listing by pages and copying by parts, with pages and parts that are small.

import { PutObjectCommand } from '@aws-sdk/client-s3'
import { randomUUID } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { sendInParts } from '#src/adapters/blobs/s3-multipart'
import { copyObject, headObject, listObjects } from '#src/adapters/blobs/s3-objects'
import { readObject } from '#src/adapters/blobs/s3-read'
import { openS3Client, S3_DEFAULTS } from '#src/adapters/s3/client'
import { byteStream, collect, sha256Of } from '#test/support/byte-streams'
import { testS3 } from '#test/support/test-s3'

const MIB = 2 ** 20
/** Smaller parts are refused unless they are the last. */
const LEAST_PART = 5 * MIB

const s3 = testS3()
const client = openS3Client({
  ...S3_DEFAULTS,
  endpoint: s3.endpoint,
  region: s3.region,
  forcePathStyle: true,
  credentials: { accessKey: s3.accessKey, secretKey: s3.secretKey },
})
const place = { client, bucket: s3.bucket }
const prefix = `objects-${randomUUID()}/`

afterAll(() => client.destroy())

async function put(name: string, body: Buffer): Promise<void> {
  const target = { Bucket: place.bucket, Key: prefix + name }
  await client.send(new PutObjectCommand({ ...target, Body: body }))
}

it('lists page after page, in order', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `list/${index}`)
  await Promise.all(names.map((name) => put(name, Buffer.from(name))))
  const found: string[] = []
  for await (const { name } of listObjects(place, `${prefix}list/`, 3)) found.push(name)
  expect(found).toEqual(names.map((name) => prefix + name))
})

it('copies part by part, and an object onto itself', async () => {
  const source = byteStream(11 * MIB + 7, 5)
  await put('copied', await collect(source.bytes))
  const from = (await headObject(place, `${prefix}copied`))!
  for (const to of [`${prefix}copy`, `${prefix}copied`]) {
    await copyObject(place, from, to, { size: String(from.size) }, LEAST_PART)
    const request = { name: to, range: null, sha256: source.sha256, stallMs: 10_000 }
    expect(await sha256Of(await readObject(place, request))).toBe(source.sha256)
  }
})

it('leaves nothing of an upload of which a part fails', async () => {
  const name = `${prefix}failed`
  const layout = { size: 3 * LEAST_PART, partSize: LEAST_PART, atOnce: 2 }
  const sent = sendInParts(place, name, {}, layout, async ({ PartNumber }) => {
    if (PartNumber === 2) throw new Error('the disk broke')
    return '"tag"'
  })
  await expect(sent).rejects.toThrow('the disk broke')
  expect(await headObject(place, name)).toBeNull()
})
