// Expired, canceled and used uploads go, by a clock that the test moves.

import { beforeEach, expect, test } from 'vitest'
import type { ServiceContext } from '#src/services/service-context'
import { cancelUpload } from '#src/services/uploads/cancel-upload'
import { completeUpload } from '#src/services/uploads/complete-upload'
import { sweepUploads } from '#src/services/uploads/sweep-uploads'
import { getUpload } from '#src/services/uploads/view-upload'
import type { MemoryContext } from '#test/support/memory-context'
import { openMemoryContext } from '#test/support/memory-context'
import {
  beginUpload,
  blobKeys,
  sendAll,
  sha256,
  TENANT,
  threeParts,
} from '#test/support/upload-parts'

const bytes = threeParts()
const DAY = 24 * 3600 * 1000
let memory: MemoryContext
let context: ServiceContext

beforeEach(async () => {
  memory = await openMemoryContext()
  context = memory.context
})

async function sent(): Promise<string> {
  const upload = await beginUpload(context, bytes)
  await sendAll(context, upload, bytes)
  return upload.id
}

/** A process that dies once its first record is written. */
function dying(): ServiceContext {
  let dead = false
  const { records } = context
  return {
    ...context,
    records: {
      ...records,
      list: (...query) =>
        dead ? Promise.reject(new Error('the process died')) : records.list(...query),
      commit: async (writes) => {
        const done = await records.commit(writes)
        dead = true
        return done
      },
    },
  }
}

const statusOf = async (id: string): Promise<string> =>
  (await getUpload(context, TENANT, id)).status

test('pending ones expire a day after they began; parts go at once, the record in a week', async () => {
  const id = await sent()
  memory.pass(DAY - 1)
  await sweepUploads(context)
  expect(await statusOf(id)).toBe('pending')
  expect(await blobKeys(context)).toHaveLength(3)
  memory.pass(1)
  expect(await statusOf(id)).toBe('expired')
  await sweepUploads(context)
  expect(await statusOf(id)).toBe('expired')
  expect(await blobKeys(context)).toEqual([])
  expect(await context.records.count('upload_part', { upload: id })).toBe(0)
  memory.pass(7 * DAY - 1)
  await sweepUploads(context)
  expect(await statusOf(id)).toBe('expired')
  memory.pass(1)
  await sweepUploads(context)
  await expect(statusOf(id)).rejects.toMatchObject({ code: 'not_found' })
})

test('completed ones that nobody uses expire a day after completion', async () => {
  const id = await sent()
  memory.pass(DAY / 2)
  await completeUpload(context, TENANT, id, null)
  memory.pass(DAY - 1)
  await sweepUploads(context)
  expect(await blobKeys(context)).toEqual([sha256(bytes)])
  memory.pass(1)
  await sweepUploads(context)
  expect(await statusOf(id)).toBe('expired')
  expect(await blobKeys(context)).toEqual([])
})

test('what a crash left of canceled and completed ones goes', async () => {
  const ids = [await sent(), await sent()]
  await cancelUpload(dying(), TENANT, ids[0]!)
  await completeUpload(dying(), TENANT, ids[1]!, null)
  expect(await Promise.all(ids.map(statusOf))).toEqual(['canceled', 'completed'])
  expect(await context.records.count('upload_part', {})).toBe(6)
  await sweepUploads(context)
  expect(await context.records.count('upload_part', {})).toBe(0)
  for (const id of ids) {
    expect((await context.records.get('upload', id))?.record.parts).toBe('dropped')
  }
})

test('one that cannot be swept keeps none of the others from it', async () => {
  const ids = [await sent(), await sent(), await sent()]
  memory.pass(DAY)
  const failing: ServiceContext = {
    ...context,
    records: {
      ...context.records,
      commit: (writes) =>
        writes.some((write) => write.op === 'update' && write.record.id === ids[1])
          ? Promise.reject(new Error('no'))
          : context.records.commit(writes),
    },
  }
  await expect(sweepUploads(failing)).rejects.toThrow('some uploads')
  const statuses = await Promise.all(ids.map((id) => context.records.get('upload', id)))
  expect(statuses.map((found) => found?.record.status)).toEqual(['expired', 'pending', 'expired'])
})

test('more of them than one page', async () => {
  const small = Buffer.from('small')
  const ids: string[] = []
  for (let count = 0; count < 250; count += 1) ids.push((await beginUpload(context, small)).id)
  memory.pass(DAY)
  await sweepUploads(context)
  expect(await context.records.count('upload', { status: 'expired' })).toBe(250)
  memory.pass(8 * DAY)
  await sweepUploads(context)
  expect(await context.records.count('upload', {})).toBe(0)
})
