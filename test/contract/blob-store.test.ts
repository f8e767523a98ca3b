import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore } from '#src/ports/blob-store'
import { byteStream, collect, oneChunk, sha256Of } from '#test/support/byte-streams'
import { blobDrivers } from './drivers.ts'

const LIMIT = { maxBytes: 1e9 }
const ABSENT = '0'.repeat(64)
const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'

describe.each(blobDrivers)('BlobStore: $name', (driver) => {
  let folder: string
  let store: BlobStore

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-blobs-'))
    store = await driver.open(folder)
  })

  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function keys(): Promise<string[]> {
    const found: string[] = []
    for await (const { key } of store.keys()) found.push(key)
    return found.sort()
  }

  it('stores bytes under their SHA-256 and gives them back', async () => {
    expect(await store.put(oneChunk('hello'), LIMIT)).toEqual({ key: HELLO, size: 5 })
    expect(await store.stat(HELLO)).toEqual({ key: HELLO, size: 5 })
    expect((await collect(await store.read(HELLO))).toString()).toBe('hello')
  })

  it('stores no bytes at all as a blob of size 0', async () => {
    const { key, size } = await store.put(oneChunk(''), LIMIT)
    expect(size).toBe(0)
    expect(await collect(await store.read(key))).toHaveLength(0)
  })

  it('keeps equal bytes once', async () => {
    await Promise.all([store.put(oneChunk('hello'), LIMIT), store.put(oneChunk('hello'), LIMIT)])
    await store.put(oneChunk('hello'), LIMIT)
    expect(await keys()).toEqual([HELLO])
  })

  it('reads ranges', async () => {
    await store.put(oneChunk('hello'), LIMIT)
    const read = async (start: number, end: number): Promise<string> =>
      (await collect(await store.read(HELLO, { start, end }))).toString()
    expect(await read(1, 3)).toBe('el')
    expect(await read(0, 5)).toBe('hello')
    expect(await read(2, 2)).toBe('')
  })

  it('streams a big blob through, chunks of odd sizes included', async () => {
    const source = byteStream(48 * 2 ** 20 + 17, 7, 300_007)
    const { key, size } = await store.put(source.bytes, { ...LIMIT, expectedSha256: source.sha256 })
    expect(key).toBe(source.sha256)
    expect(size).toBe(48 * 2 ** 20 + 17)
    expect(await sha256Of(await store.read(key))).toBe(source.sha256)
  })

  it('asks a slow source for no more than it can hold', async () => {
    let produced = 0
    async function* source(): AsyncIterable<Uint8Array> {
      for (let index = 0; index < 10; index += 1) {
        produced += 1
        yield Buffer.from('x')
      }
    }
    await expect(store.put(source(), { maxBytes: 3 })).rejects.toMatchObject({
      code: 'payload_too_large',
    })
    expect(produced).toBe(4)
    expect(await keys()).toEqual([])
  })

  it('takes exactly the bytes allowed', async () => {
    expect((await store.put(oneChunk('hello'), { maxBytes: 5 })).size).toBe(5)
  })

  it('refuses bytes that do not match their checksum, and keeps nothing', async () => {
    const put = store.put(oneChunk('hello!'), { ...LIMIT, expectedSha256: HELLO })
    await expect(put).rejects.toMatchObject({ code: 'checksum_mismatch' })
    expect(await keys()).toEqual([])
  })

  it('keeps nothing of a source that fails', async () => {
    async function* failing(): AsyncIterable<Uint8Array> {
      yield Buffer.alloc(3_000_000)
      throw new Error('the client went away')
    }
    await expect(store.put(failing(), LIMIT)).rejects.toThrow('the client went away')
    expect(await keys()).toEqual([])
  })

  it('says what is absent', async () => {
    expect(await store.stat(ABSENT)).toBeNull()
    await expect(store.read(ABSENT)).rejects.toMatchObject({ code: 'not_found' })
    const download = store.download(ABSENT, join(folder, 'copy'))
    await expect(download).rejects.toMatchObject({ code: 'not_found' })
    await expect(store.localPath(ABSENT)).rejects.toMatchObject({ code: 'not_found' })
    await store.delete(ABSENT)
  })

  it.each(['../../etc/passwd', '', 'ABC', `${HELLO}/x`, HELLO.toUpperCase()])(
    'finds nothing under %j, which is no hash',
    async (key) => {
      await store.put(oneChunk('hello'), LIMIT)
      expect(await store.stat(key)).toBeNull()
      await expect(store.read(key)).rejects.toMatchObject({ code: 'not_found' })
    },
  )

  it('downloads to a file that can be changed without changing the blob', async () => {
    await store.put(oneChunk('hello'), LIMIT)
    const path = join(folder, 'copy')
    await store.download(HELLO, path)
    expect(await readFile(path, 'utf8')).toBe('hello')
    await writeFile(path, 'HELLO')
    expect((await collect(await store.read(HELLO))).toString()).toBe('hello')
    await expect(store.download(HELLO, path)).rejects.toThrow('EEXIST')
  })

  it('names the file that holds the bytes, or none', async () => {
    await store.put(oneChunk('hello'), LIMIT)
    const path = await store.localPath(HELLO)
    if (driver.name === 'fs') expect(await readFile(path ?? '', 'utf8')).toBe('hello')
    else expect(path).toBeNull()
  })

  it('says when bytes were stored, and when they were stored again', async () => {
    // File systems and object stores round their times.
    const before = Date.now() - 1_000
    await store.put(oneChunk('hello'), LIMIT)
    for await (const { storedAt } of store.keys()) {
      expect(storedAt).toBeGreaterThanOrEqual(before)
      expect(storedAt).toBeLessThanOrEqual(Date.now() + 1_000)
    }
  })

  it('retires what was stored before a moment, and nothing stored since', async () => {
    await store.put(oneChunk('hello'), LIMIT)
    await store.retire(HELLO, Date.now() - 60_000)
    expect(await store.stat(HELLO)).toEqual({ key: HELLO, size: 5 })
    await store.retire(ABSENT, Date.now() + 60_000)
    await store.retire(HELLO, Date.now() + 60_000)
    await store.retire(HELLO, Date.now() + 60_000)
    expect(await store.stat(HELLO)).toBeNull()
    expect(await keys()).toEqual([])
  })

  it('deletes; whoever reads already reads to the end', async () => {
    const source = byteStream(2 ** 20, 3)
    await store.put(source.bytes, LIMIT)
    const stream = await store.read(source.sha256)
    await store.delete(source.sha256)
    expect(await sha256Of(stream)).toBe(source.sha256)
    expect(await store.stat(source.sha256)).toBeNull()
  })

  if (driver.persistent) {
    it('has everything when opened again', async () => {
      await store.put(oneChunk('hello'), LIMIT)
      await store.close()
      store = await driver.open(folder)
      expect(await keys()).toEqual([HELLO])
    })
  }
})
