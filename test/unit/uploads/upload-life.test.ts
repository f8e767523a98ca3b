// An upload by parts from beginning to end, its parts through the API and straight to an object store.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openMemoryBlobs } from '#src/adapters/blobs/memory'
import type { ServiceContext } from '#src/services/service-context'
import { cancelUpload } from '#src/services/uploads/cancel-upload'
import { completeUpload } from '#src/services/uploads/complete-upload'
import { getUpload } from '#src/services/uploads/view-upload'
import { collect } from '#test/support/byte-streams'
import type { FakeObjectStore } from '#test/support/fake-object-store'
import { startFakeObjectStore } from '#test/support/fake-object-store'
import { openMemoryContext } from '#test/support/memory-context'
import {
  beginUpload,
  blobKeys,
  partOf,
  sendAll,
  sendPart,
  sha256,
  TENANT,
  threeParts,
} from '#test/support/upload-parts'

const bytes = threeParts()

describe.each(['through the API', 'straight to the store'] as const)('%s', (way) => {
  let store: FakeObjectStore
  let context: ServiceContext

  beforeEach(async () => {
    store = await startFakeObjectStore(await openMemoryBlobs())
    const stores = way === 'through the API' ? {} : { blobs: store.blobs }
    context = (await openMemoryContext({}, stores)).context
  })
  afterEach(() => store.stop())

  const partsLeft = async (upload: string): Promise<number> => {
    let count = await context.records.count('upload_part', { upload })
    for await (const _ of store.direct.parts(upload)) count += 1
    return count
  }

  test('parts in any order become one blob, stored once; nothing else stays', async () => {
    const upload = await beginUpload(context, bytes)
    for (const number of [3, 1]) {
      await sendPart(context, upload, number, partOf(bytes, upload, number))
    }
    const { parts } = await getUpload(context, TENANT, upload.id)
    expect(parts.map(({ received }) => received?.size ?? null)).toEqual([
      upload.part_size_bytes,
      null,
      5,
    ])
    const incomplete = completeUpload(context, TENANT, upload.id, null)
    await expect(incomplete).rejects.toMatchObject({
      code: 'parts_missing',
      detail: 'missing: part 2',
      errors: [{ pointer: '/parts/1', code: 'parts_missing' }],
    })
    await sendPart(context, upload, 2, partOf(bytes, upload, 2))
    const completed = await completeUpload(context, TENANT, upload.id, null)
    expect(completed).toMatchObject({ status: 'completed', blob: sha256(bytes) })
    expect(await blobKeys(context)).toEqual([sha256(bytes)])
    expect(await partsLeft(upload.id)).toBe(0)
    expect((await collect(await context.blobs.read(sha256(bytes)))).equals(bytes)).toBe(true)
    const again = await completeUpload(context, TENANT, upload.id, null)
    expect(again).toMatchObject({ status: 'completed', expires_at: completed.expires_at })
  })

  test('bytes that are not those promised leave it pending; the bad part is sent again', async () => {
    const upload = await beginUpload(context, bytes)
    await sendAll(context, upload, bytes)
    const bad = Buffer.from(partOf(bytes, upload, 2))
    bad[7]! ^= 1
    await sendPart(context, upload, 2, bad)
    const wrong = completeUpload(context, TENANT, upload.id, null)
    await expect(wrong).rejects.toMatchObject({ code: 'checksum_mismatch' })
    expect((await getUpload(context, TENANT, upload.id)).status).toBe('pending')
    await sendPart(context, upload, 2, partOf(bytes, upload, 2))
    expect((await completeUpload(context, TENANT, upload.id, null)).status).toBe('completed')
  })

  test('a file whose parts are all alike, beside another of the same', async () => {
    const zeros = Buffer.alloc(24 * 2 ** 20)
    const [one, two] = [await beginUpload(context, zeros), await beginUpload(context, zeros)]
    await Promise.all([sendAll(context, one, zeros), sendAll(context, two, zeros)])
    await cancelUpload(context, TENANT, two.id)
    expect((await completeUpload(context, TENANT, one.id, null)).status).toBe('completed')
    expect(await blobKeys(context)).toEqual([sha256(zeros)])
  })

  test('canceled, it takes its parts with it, and takes no more', async () => {
    const upload = await beginUpload(context, bytes)
    await sendAll(context, upload, bytes)
    expect((await cancelUpload(context, TENANT, upload.id)).status).toBe('canceled')
    expect((await cancelUpload(context, TENANT, upload.id)).status).toBe('canceled')
    expect(await partsLeft(upload.id)).toBe(0)
    expect(await blobKeys(context)).toEqual([])
    const late = completeUpload(context, TENANT, upload.id, null)
    await expect(late).rejects.toMatchObject({ code: 'upload_not_pending' })
  })

  test('canceled when complete, it takes the whole with it', async () => {
    const upload = await beginUpload(context, bytes)
    await sendAll(context, upload, bytes)
    await completeUpload(context, TENANT, upload.id, null)
    await cancelUpload(context, TENANT, upload.id)
    expect(await blobKeys(context)).toEqual([])
  })

  test('what the client says it sent is compared with what arrived', async () => {
    const upload = await beginUpload(context, bytes)
    await sendAll(context, upload, bytes)
    const claim = (partNumber: number, hash: string | null = null) => ({ partNumber, sha256: hash })
    const swapped = [claim(1), claim(3), claim(2)]
    await expect(completeUpload(context, TENANT, upload.id, swapped)).rejects.toMatchObject({
      code: 'part_mismatch',
      errors: [{ pointer: '/parts/1' }, { pointer: '/parts/2' }],
    })
    const tooFew = completeUpload(context, TENANT, upload.id, [claim(1)])
    await expect(tooFew).rejects.toMatchObject({ code: 'part_mismatch' })
    if (way === 'through the API') {
      const other = [claim(1), claim(2), claim(3, '0'.repeat(64))]
      await expect(completeUpload(context, TENANT, upload.id, other)).rejects.toMatchObject({
        code: 'part_mismatch',
      })
    }
    const right = [1, 2, 3].map((number) => claim(number, sha256(partOf(bytes, upload, number))))
    expect((await completeUpload(context, TENANT, upload.id, right)).status).toBe('completed')
  })

  test('a foreign tenant finds nothing', async () => {
    const { id } = await beginUpload(context, bytes)
    for (const attempt of [getUpload, cancelUpload]) {
      await expect(attempt(context, 'another', id)).rejects.toMatchObject({ code: 'not_found' })
    }
    const complete = completeUpload(context, 'another', id, null)
    await expect(complete).rejects.toMatchObject({ code: 'not_found' })
  })
})
