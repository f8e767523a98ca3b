// What an upload may be, and how many of them.

import { expect, test } from 'vitest'
import { cancelUpload } from '#src/services/uploads/cancel-upload'
import { openMemoryContext } from '#test/support/memory-context'
import { beginUpload, TENANT } from '#test/support/upload-parts'

const bytes = Buffer.from('some')

test('a size of nothing, and one beyond the limit of its purpose', async () => {
  const { context } = await openMemoryContext({ maxModelBytes: 100, maxDatasetBytes: 200 })
  const refused = [
    [{ size: 0 }, 'empty_file'],
    [{ size: 101 }, 'payload_too_large'],
    [{ size: 201, purpose: 'dataset' }, 'payload_too_large'],
  ] as const
  for (const [change, code] of refused) {
    await expect(beginUpload(context, bytes, change)).rejects.toMatchObject({ code })
  }
  await beginUpload(context, bytes, { size: 100 })
  await beginUpload(context, bytes, { size: 200, purpose: 'dataset' })
})

test('more at the same time than allowed, until one of them ends', async () => {
  const { context } = await openMemoryContext({ maxPendingUploads: 2 })
  const first = await beginUpload(context, bytes)
  await beginUpload(context, bytes)
  const third = beginUpload(context, bytes)
  await expect(third).rejects.toMatchObject({ code: 'too_many_uploads', detail: /^2 uploads/ })
  await cancelUpload(context, TENANT, first.id)
  await beginUpload(context, bytes)
})

test('more bytes at the same time than allowed, until one of them ends', async () => {
  const { context } = await openMemoryContext({ maxPendingUploadBytes: 100 })
  const first = await beginUpload(context, bytes, { size: 60 })
  await beginUpload(context, bytes, { size: 40 })
  const third = beginUpload(context, bytes, { size: 1 })
  await expect(third).rejects.toMatchObject({
    code: 'too_many_uploads',
    detail: /^pending uploads of 100 bytes and this one of 1 /,
  })
  await cancelUpload(context, TENANT, first.id)
  await beginUpload(context, bytes, { size: 60 })
})
