import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HashedFile } from '#src/adapters/blobs/hashed-file'
import { storageError } from '#src/adapters/blobs/storage-errors'
import { openSqliteRecords } from '#src/adapters/records/sqlite'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'
import { withTemporaryFolder } from '#test/support/temporary-folder'

describe('a full disk', () => {
  it('is storage_full to whoever stores a blob', async () => {
    const device = await open('/dev/full', 'w')
    const error = await device.writeFile('x').catch((failure: unknown) => failure)
    await device.close()
    expect(error).toMatchObject({ code: 'ENOSPC' })
    expect(storageError(error)).toMatchObject({ code: 'storage_full' })
  })

  it('is storage_full to whoever commits; what was there stays, and deleting goes on', async () => {
    const database = openSqliteDatabase(':memory:')
    const store = await openSqliteRecords({ database })
    const insert = (id: string): Promise<boolean> => {
      const record = { id, tenant: 'one', job: 'job_1', first: 1, lines: ['x'.repeat(3000)] }
      return store.commit([{ op: 'insert', collection: 'log', record }])
    }
    expect(await insert('a')).toBe(true)
    database.exec('PRAGMA max_page_count = 8')
    const results = await Promise.allSettled(['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(insert))
    const failed = results.filter((result) => result.status === 'rejected')
    expect(failed.length).toBeGreaterThan(0)
    for (const { reason } of failed) expect(reason).toMatchObject({ code: 'storage_full' })
    const stored = 1 + results.length - failed.length
    expect(await store.count('log', { job: 'job_1' })).toBe(stored)
    expect(await store.commit([{ op: 'delete', collection: 'log', id: 'a' }])).toBe(true)
    expect(await store.count('log', {})).toBe(stored - 1)
    await database.close()
  })
})

describe('HashedFile', () => {
  it('refuses a path that exists', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'file')
      const first = await HashedFile.create(path)
      await expect(HashedFile.create(path)).rejects.toThrow('EEXIST')
      await first.close()
    })
  })
})
