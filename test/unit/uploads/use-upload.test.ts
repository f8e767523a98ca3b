// A model made of an upload: record, mark and kept answer are one commit, or nothing happens.

import { beforeEach, expect, test } from 'vitest'
import type { Write } from '#src/ports/record-store'
import { createModel } from '#src/services/models'
import type { ServiceContext } from '#src/services/service-context'
import { cancelUpload } from '#src/services/uploads/cancel-upload'
import { completeUpload } from '#src/services/uploads/complete-upload'
import { openMemoryContext } from '#test/support/memory-context'
import { toyModel } from '#test/support/toy-model'
import { beginUpload, blobKeys, sendAll, sha256, TENANT } from '#test/support/upload-parts'

const bytes = toyModel()
let context: ServiceContext
let id: string

beforeEach(async () => {
  context = (await openMemoryContext()).context
  const upload = await beginUpload(context, bytes)
  id = upload.id
  await sendAll(context, upload, bytes)
  await completeUpload(context, TENANT, id, null)
})

const make = (within: ServiceContext, alongside: readonly Write[] = []) => {
  const model = {
    name: '',
    metadata: {},
    container: 'detect',
    source: { kind: 'upload', id },
  } as const
  return createModel(within, TENANT, model, async () => alongside)
}

/** The context, with its commits seen first. */
const watched = (commit: (writes: readonly Write[]) => Promise<boolean>): ServiceContext => ({
  ...context,
  records: { ...context.records, commit },
})

test('what is made, what it is made of and what is kept beside it are written together', async () => {
  const commits: (readonly Write[])[] = []
  const answer: Write = { op: 'delete', collection: 'idempotency', id: 'key' }
  const model = await make(
    watched((writes) => {
      commits.push(writes)
      return context.records.commit(writes)
    }),
    [answer],
  )
  expect(commits).toMatchObject([
    [
      { op: 'insert', collection: 'model', record: { id: model.id } },
      { op: 'update', collection: 'upload', record: { used_by: model.id, blob: null } },
      answer,
    ],
  ])
  expect(await blobKeys(context)).toEqual([sha256(bytes)])
})

test('killed before that commit, the upload can still be used', async () => {
  const dying = watched(() => Promise.reject(new Error('the process died')))
  await expect(make(dying)).rejects.toThrow('the process died')
  expect((await make(context)).sha256).toBe(sha256(bytes))
})

test('refused because of something else, the error is of that, and the upload can still be used', async () => {
  const busy = watched(() => Promise.resolve(false))
  await expect(make(busy)).rejects.toMatchObject({ code: 'unavailable' })
  expect((await make(context)).sha256).toBe(sha256(bytes))
})

test('canceled while a model is made of it: the model is not made, and no bytes stay', async () => {
  const slow = watched(async (writes) => {
    await cancelUpload(context, TENANT, id)
    return await context.records.commit(writes)
  })
  await expect(make(slow)).rejects.toMatchObject({ code: 'upload_not_completed' })
  expect(await context.records.count('model', {})).toBe(0)
  expect(await blobKeys(context)).toEqual([])
})
