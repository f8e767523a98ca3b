import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { writeWhole } from '#src/adapters/blobs/write-whole'
import { TersorError } from '#src/domain/errors'
import { withTemporaryFolder } from '#test/support/temporary-folder'

const failing = (error: Error): Readable =>
  new Readable({
    read() {
      this.destroy(error)
    },
  })

test('reads again after a source that failed at once, every time', async () => {
  await withTemporaryFolder(async (folder) => {
    for (let round = 0; round < 200; round += 1) {
      const path = join(folder, String(round))
      let tries = 0
      await writeWhole(path, async () => {
        tries += 1
        if (tries < 3) return failing(new TersorError('unavailable', 'other bytes'))
        return Readable.from([Buffer.from('whole')])
      })
      expect(await readFile(path, 'utf8')).toBe('whole')
    }
  })
})

test('leaves nothing behind when it gives up', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'file')
    const source = async (): Promise<Readable> => failing(new TersorError('not_found', 'gone'))
    await expect(writeWhole(path, source)).rejects.toMatchObject({ code: 'not_found' })
    await expect(access(path)).rejects.toThrow('ENOENT')
  })
})

test('overwrites nothing', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'file')
    await writeFile(path, 'before')
    const source = async (): Promise<Readable> => Readable.from([Buffer.from('after')])
    await expect(writeWhole(path, source)).rejects.toThrow('EEXIST')
    expect(await readFile(path, 'utf8')).toBe('before')
  })
})
