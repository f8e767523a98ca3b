// Completing at the same time, in one process and in several, and after a death at the worst moment.

import { beforeEach, expect, test } from 'vitest'
import type { UploadRecord } from '#src/domain/records'
import { removeOrphans } from '#src/services/remove-orphans'
import type { ServiceContext } from '#src/services/service-context'
import { cancelUpload } from '#src/services/uploads/cancel-upload'
import { completeUpload } from '#src/services/uploads/complete-upload'
import { getUpload } from '#src/services/uploads/view-upload'
import { openMemoryContext } from '#test/support/memory-context'
import {
  beginUpload,
  blobKeys,
  partOf,
  sendAll,
  sha256,
  TENANT,
  threeParts,
} from '#test/support/upload-parts'

const bytes = threeParts()
let context: ServiceContext
let upload: UploadRecord

beforeEach(async () => {
  context = (await openMemoryContext()).context
  upload = await beginUpload(context, bytes)
  await sendAll(context, upload, bytes)
})

const complete = (within: ServiceContext = context): Promise<UploadRecord> =>
  completeUpload(within, TENANT, upload.id, null)

/** Another process on the same stores. */
async function twin(): Promise<ServiceContext> {
  return (await openMemoryContext({}, context)).context
}

test('two requests to one process: the bytes are put together once', async () => {
  let puts = 0
  const counting = {
    ...context,
    blobs: {
      ...context.blobs,
      put: (...put: Parameters<typeof context.blobs.put>) => {
        puts += 1
        return context.blobs.put(...put)
      },
    },
  }
  const results = await Promise.all([complete(counting), complete(counting), complete(counting)])
  expect(new Set(results.map(({ expires_at: expires }) => expires)).size).toBe(1)
  expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed'])
  expect(puts).toBe(1)
  expect(await blobKeys(context)).toEqual([sha256(bytes)])
})

test('two processes at once: one result, whoever is first', async () => {
  const results = await Promise.all([complete(), complete(await twin()), complete(await twin())])
  for (const result of results) expect(result).toMatchObject({ status: 'completed' })
  expect(await blobKeys(context)).toEqual([sha256(bytes)])
  expect(await context.records.count('upload_part', { upload: upload.id })).toBe(0)
})

test('another process completes and drops the parts while this one reads them: the same result', async () => {
  const other = await twin()
  let reads = 0
  const slow: ServiceContext = {
    ...context,
    blobs: {
      ...context.blobs,
      read: async (key, range) => {
        reads += 1
        if (reads === 2) await complete(other)
        return await context.blobs.read(key, range)
      },
    },
  }
  expect(await complete(slow)).toMatchObject({ status: 'completed', blob: sha256(bytes) })
  expect(await blobKeys(context)).toEqual([sha256(bytes)])
})

test('killed between the blob and the record: completing again works without sending anything', async () => {
  const dying: ServiceContext = {
    ...context,
    records: {
      ...context.records,
      commit: () => Promise.reject(new Error('the process died')),
      // Dead processes clean nothing up either.
      count: () => Promise.reject(new Error('the process died')),
    },
  }
  await expect(complete(dying)).rejects.toThrow('the process died')
  expect(await blobKeys(context)).toContain(sha256(bytes))
  await removeOrphans(context)
  expect((await getUpload(context, TENANT, upload.id)).status).toBe('pending')
  expect(await complete()).toMatchObject({ status: 'completed' })
  expect(await blobKeys(context)).toEqual([sha256(bytes)])
})

test('killed between the record and the dropping of parts: nothing is lost, the answer is the same', async () => {
  const dying: ServiceContext = {
    ...context,
    records: {
      ...context.records,
      list: (collection, query) =>
        collection === 'upload_part' && completed
          ? Promise.reject(new Error('the process died'))
          : context.records.list(collection, query),
      commit: async (writes) => {
        const done = await context.records.commit(writes)
        completed = true
        return done
      },
    },
  }
  let completed = false
  expect((await complete(dying)).status).toBe('completed')
  expect((await complete()).status).toBe('completed')
  expect(await blobKeys(context)).toContain(sha256(bytes))
})

test('canceled while it is being completed: one of the two wins, nothing is left over', async () => {
  const other = await twin()
  const slow: ServiceContext = {
    ...context,
    blobs: {
      ...context.blobs,
      put: async (...put) => {
        const blob = await context.blobs.put(...put)
        await cancelUpload(other, TENANT, upload.id)
        return blob
      },
    },
  }
  await expect(complete(slow)).rejects.toMatchObject({ code: 'upload_not_pending' })
  expect(await blobKeys(context)).toEqual([])
})

test('a part whose bytes are gone is missing, and may be sent again', async () => {
  await context.blobs.delete(sha256(partOf(bytes, upload, 2)))
  await expect(complete()).rejects.toMatchObject({
    code: 'parts_missing',
    detail: 'missing: part 2',
  })
  await expect(complete()).rejects.toMatchObject({ code: 'parts_missing' })
  await sendAll(context, upload, bytes)
  expect((await complete()).status).toBe('completed')
})
