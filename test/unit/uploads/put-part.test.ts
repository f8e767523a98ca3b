// Parts that come through the API: their number, their length, their digest; sent twice, or too late.

import { beforeEach, expect, test } from 'vitest'
import type { UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '#src/services/service-context'
import { cancelUpload } from '#src/services/uploads/cancel-upload'
import { completeUpload } from '#src/services/uploads/complete-upload'
import type { MemoryContext } from '#test/support/memory-context'
import { openMemoryContext } from '#test/support/memory-context'
import {
  beginUpload,
  blobKeys,
  partOf,
  putThrough,
  sha256,
  TENANT,
  threeParts,
} from '#test/support/upload-parts'

const bytes = threeParts()
const MIB = 2 ** 20
let memory: MemoryContext
let context: ServiceContext
let upload: UploadRecord

beforeEach(async () => {
  memory = await openMemoryContext()
  context = memory.context
  upload = await beginUpload(context, bytes)
})

const part = (number: number): Uint8Array => partOf(bytes, upload, number)

test.each([0, -1, 1.5, 4, 10_001, 1_000_000, Number.NaN, Infinity])(
  'there is no part %d of three',
  async (number) => {
    await expect(putThrough(context, upload, number, part(1))).rejects.toMatchObject({
      code: 'not_found',
      detail: 'the parts of this upload have the numbers 1 to 3',
    })
  },
)

test('a length that differs is refused, declared or not, and leaves nothing', async () => {
  const short = part(1).subarray(1)
  const long = Buffer.concat([part(3), Buffer.from('x')])
  const attempts = [
    [1, short, null, 'part_mismatch'],
    [1, short, short.length, 'part_mismatch'],
    [3, long, null, 'payload_too_large'],
    [3, long, long.length, 'payload_too_large'],
    [1, new Uint8Array(0), null, 'part_mismatch'],
  ] as const
  for (const [number, sent, declaredBytes, code] of attempts) {
    const attempt = putThrough(context, upload, number, sent, { declaredBytes })
    await expect(attempt).rejects.toMatchObject({ code })
  }
  expect(await blobKeys(context)).toEqual([])
  expect(await context.records.count('upload_part', { upload: upload.id })).toBe(0)
})

test('a declared length that is wrong is refused before a byte is read', async () => {
  let read = 0
  async function* body(): AsyncGenerator<Uint8Array> {
    read += 1
    yield new Uint8Array(1)
  }
  const sent = { declaredBytes: 10 * 2 ** 30, body: body() }
  await expect(putThrough(context, upload, 1, part(1), sent)).rejects.toMatchObject({
    code: 'payload_too_large',
    detail: `part 1 has ${8 * MIB} bytes, not ${10 * 2 ** 30}`,
  })
  expect(read).toBe(0)
})

test('an endless part is cut off once it is too long', async () => {
  let sent = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent += MIB
      yield new Uint8Array(MIB)
    }
  }
  const attempt = putThrough(context, upload, 1, part(1), { body: endless() })
  await expect(attempt).rejects.toMatchObject({ code: 'payload_too_large' })
  expect(sent).toBe(9 * MIB)
})

test('a digest that differs is refused', async () => {
  const expectedSha256 = '0'.repeat(64)
  const attempt = putThrough(context, upload, 3, part(3), { expectedSha256 })
  await expect(attempt).rejects.toMatchObject({ code: 'checksum_mismatch' })
  await putThrough(context, upload, 3, part(3), { expectedSha256: sha256(part(3)) })
})

test('the same part again changes nothing; another one takes its place', async () => {
  await putThrough(context, upload, 3, part(3))
  await Promise.all([1, 2, 3, 4].map(() => putThrough(context, upload, 3, part(3))))
  expect(await blobKeys(context)).toEqual([sha256(part(3))])
  const other = Buffer.from('other')
  await putThrough(context, upload, 3, other)
  expect(await blobKeys(context)).toEqual([sha256(other)])
  expect(await context.records.count('upload_part', { upload: upload.id })).toBe(1)
})

test('all parts at once', async () => {
  await Promise.all([3, 2, 1].map((number) => putThrough(context, upload, number, part(number))))
  expect((await completeUpload(context, TENANT, upload.id, null)).status).toBe('completed')
})

test('a part that comes to its end after the upload did leaves nothing', async () => {
  let resolve = (): void => {}
  const canceled = new Promise<void>((done) => {
    resolve = done
  })
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield part(3).subarray(0, 2)
    await canceled
    yield part(3).subarray(2)
  }
  const sent = putThrough(context, upload, 3, part(3), { body: slow() })
  await cancelUpload(context, TENANT, upload.id)
  resolve()
  await expect(sent).rejects.toMatchObject({ code: 'upload_not_pending' })
  expect(await context.records.count('upload_part', { upload: upload.id })).toBe(0)
  expect(await blobKeys(context)).toEqual([])
})

test('after the expiry nothing is taken', async () => {
  memory.pass(24 * 3600 * 1000)
  const late = { code: 'upload_expired' }
  await expect(putThrough(context, upload, 3, part(3))).rejects.toMatchObject(late)
  await expect(completeUpload(context, TENANT, upload.id, null)).rejects.toMatchObject(late)
  await expect(cancelUpload(context, TENANT, upload.id)).rejects.toMatchObject(late)
})
