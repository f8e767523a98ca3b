// URLs of parts that go straight to an object store.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { openMemoryBlobs } from '#src/adapters/blobs/memory'
import type { ServiceContext } from '#src/services/service-context'
import { completeUpload } from '#src/services/uploads/complete-upload'
import { sweepUploads } from '#src/services/uploads/sweep-uploads'
import { getUpload } from '#src/services/uploads/view-upload'
import type { FakeObjectStore } from '#test/support/fake-object-store'
import { startFakeObjectStore } from '#test/support/fake-object-store'
import type { MemoryContext } from '#test/support/memory-context'
import { openMemoryContext } from '#test/support/memory-context'
import {
  beginUpload,
  partOf,
  putThrough,
  sendAll,
  sendPart,
  sha256,
  TENANT,
  threeParts,
} from '#test/support/upload-parts'

const MIB = 2 ** 20
const DAY = 24 * 3600 * 1000
let store: FakeObjectStore
let memory: MemoryContext
let context: ServiceContext

beforeEach(async () => {
  store = await startFakeObjectStore(await openMemoryBlobs())
  memory = await openMemoryContext({ maxModelBytes: 2 ** 40 }, { blobs: store.blobs })
  context = memory.context
})
afterEach(() => store.stop())

test('of many parts, the first that are missing have URLs; the others get theirs later', async () => {
  const bytes = new Uint8Array(8 * MIB)
  const upload = await beginUpload(context, bytes, { size: 102 * 8 * MIB })
  const later = async (): Promise<number[]> => {
    const { parts } = await getUpload(context, TENANT, upload.id)
    return parts.filter(({ target }) => target === 'later').map(({ partNumber }) => partNumber)
  }
  expect(await later()).toEqual([101, 102])
  await sendPart(context, upload, 1, bytes)
  expect(await later()).toEqual([1, 102])
})

test('they live for a quarter of an hour, and take as many bytes as the part has', async () => {
  const bytes = threeParts()
  const upload = await beginUpload(context, bytes)
  const { parts } = await getUpload(context, TENANT, upload.id)
  const target = parts[2]!.target as { url: string; expiresAt: string }
  expect(Date.parse(target.expiresAt) - context.clock.now()).toBe(15 * 60 * 1000)
  const put = (body: string): Promise<Response> => fetch(target.url, { method: 'PUT', body })
  expect((await put('too long')).status).toBe(403)
  expect((await put('12345')).status).toBe(200)
})

test('parts that came both ways make one whole; each goes again the way it went', async () => {
  const bytes = threeParts()
  const upload = await beginUpload(context, bytes)
  for (const number of [1, 3]) {
    await sendPart(context, upload, number, partOf(bytes, upload, number))
  }
  await putThrough(context, upload, 2, partOf(bytes, upload, 2))
  const { parts } = await getUpload(context, TENANT, upload.id)
  expect(parts.map(({ target }) => (target === 'api' ? 'api' : 'store'))).toEqual([
    'store',
    'api',
    'store',
  ])
  expect(parts.map(({ received }) => received?.sha256 ?? null)).toEqual([
    null,
    sha256(partOf(bytes, upload, 2)),
    null,
  ])
  expect((await completeUpload(context, TENANT, upload.id, null)).status).toBe('completed')
})

test('what the store has of another size, or under another name, is no part', async () => {
  const bytes = threeParts()
  const upload = await beginUpload(context, bytes)
  await sendAll(context, upload, bytes)
  const short = await store.direct.writeUrl(`${upload.id}/2`, { seconds: 60, bytes: 4 })
  await fetch(short, { method: 'PUT', body: 'four' })
  for (const name of ['0', '4', '1000000', 'x', '1/1']) {
    const url = await store.direct.writeUrl(`${upload.id}/${name}`, { seconds: 60, bytes: 1 })
    await fetch(url, { method: 'PUT', body: 'y' })
  }
  await expect(completeUpload(context, TENANT, upload.id, null)).rejects.toMatchObject({
    code: 'part_mismatch',
    errors: [{ pointer: '/parts/1' }],
  })
})

test('a part written after the end, by a URL that was still good, goes with the record', async () => {
  const bytes = threeParts()
  const upload = await beginUpload(context, bytes)
  const url = await store.direct.writeUrl(`${upload.id}/1`, { seconds: 60, bytes: 1 })
  memory.pass(DAY)
  await sweepUploads(context)
  expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(200)
  memory.pass(7 * DAY)
  await sweepUploads(context)
  expect(await store.direct.statPart(`${upload.id}/1`)).toBeNull()
})

test('without the store, its parts are missing and the others may come through the API', async () => {
  const bytes = threeParts()
  const upload = await beginUpload(context, bytes)
  await sendPart(context, upload, 1, partOf(bytes, upload, 1))
  const without: ServiceContext = { ...context, blobs: { ...store.blobs, direct: 'none' } }
  const { parts } = await getUpload(without, TENANT, upload.id)
  expect(parts.map(({ target, received }) => [target, received])).toEqual([
    ['api', null],
    ['api', null],
    ['api', null],
  ])
  await sendAll(without, upload, bytes)
  expect((await completeUpload(without, TENANT, upload.id, null)).status).toBe('completed')
})
