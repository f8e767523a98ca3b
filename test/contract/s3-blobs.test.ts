// What only a store of several processes has: retired blobs that come back, and addresses for clients.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BlobStore, DirectAccess } from '#src/ports/blob-store'
import { byteStream, collect, oneChunk, sha256Of } from '#test/support/byte-streams'
import { openTestS3Blobs } from '#test/support/test-s3-blobs'

vi.setConfig({ testTimeout: 120_000 })

const LIMIT = { maxBytes: 1e9 }
const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
const soon = (): number => Date.now() + 60_000

let folder: string
let store: BlobStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-s3-'))
  store = await openTestS3Blobs(folder)
})

afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function keys(): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.keys()) found.push(key)
  return found
}

describe('a retired blob', () => {
  it('is still there for whoever has written a record of it', async () => {
    await store.put(oneChunk('hello'), LIMIT)
    await store.retire(HELLO, soon())
    expect(await store.stat(HELLO)).toEqual({ key: HELLO, size: 5 })
    expect(await keys()).toEqual([HELLO])
    expect((await collect(await store.read(HELLO))).toString()).toBe('hello')
    // It was put back: retiring it again moves it again rather than deleting it.
    await store.retire(HELLO, soon())
    expect(await store.stat(HELLO)).not.toBeNull()
  })

  it('is stored anew by a put, and listed once', async () => {
    await store.put(oneChunk('hello'), LIMIT)
    await store.retire(HELLO, soon())
    await store.put(oneChunk('hello'), LIMIT)
    expect(await keys()).toEqual([HELLO])
    await store.retire(HELLO, soon())
    expect((await collect(await store.read(HELLO))).toString()).toBe('hello')
  })

  it('of many parts comes back whole', async () => {
    const source = byteStream(20 * 2 ** 20 + 3, 11)
    await store.put(source.bytes, LIMIT)
    await store.retire(source.sha256, soon())
    expect(await sha256Of(await store.read(source.sha256))).toBe(source.sha256)
  })

  it('is never lost to a put that finds it at the same moment', async () => {
    // Every put finds a blob that is old enough to be made new.
    const other = await openTestS3Blobs(folder, { graceMs: 0 })
    const rounds = 40
    let lost = 0
    for (let round = 0; round < rounds; round += 1) {
      const bytes = `round ${round}`
      const { key } = await store.put(oneChunk(bytes), LIMIT)
      const wait = (round % 12) * 3
      await Promise.all([
        store.retire(key, soon()),
        new Promise((resolve) => setTimeout(resolve, wait)).then(() =>
          other.put(oneChunk(bytes), LIMIT),
        ),
      ])
      const found = await collect(await store.read(key)).catch(() => Buffer.alloc(0))
      if (found.toString() !== bytes) lost += 1
    }
    console.log(`puts against retirement: n=${rounds}, lost=${lost}`)
    expect(lost).toBe(0)
    await other.close()
  })
})

it('makes an old blob new when it is stored again', async () => {
  const other = await openTestS3Blobs(folder, { graceMs: 0 })
  await other.put(oneChunk('hello'), LIMIT)
  const storedAt = async (): Promise<number> => {
    for await (const blob of store.keys()) return blob.storedAt
    return 0
  }
  const before = await storedAt()
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await store.put(oneChunk('hello'), LIMIT)
  expect(await storedAt()).toBe(before)
  await other.put(oneChunk('hello'), LIMIT)
  expect(await storedAt()).toBeGreaterThan(before)
  await other.close()
})

it('sends unique bytes without looking for them', async () => {
  const unique = { ...LIMIT, areUnique: true }
  const { key } = await store.put(oneChunk('only once'), unique)
  expect((await collect(await store.read(key))).toString()).toBe('only once')
  await store.put(oneChunk('only once'), unique)
  expect((await collect(await store.read(key))).toString()).toBe('only once')
})

describe('direct access', () => {
  let direct: DirectAccess

  beforeEach(() => {
    if (store.direct === 'none') throw new Error('the store must offer addresses')
    direct = store.direct
  })

  it('reads a blob under the name of a file', async () => {
    await store.put(oneChunk('hello'), LIMIT)
    const options = { seconds: 60, filename: 'modèle "1".onnx', mediaType: 'application/x-onnx' }
    const url = await direct.readUrl(HELLO, options)
    const answer = await fetch(url)
    expect(await answer.text()).toBe('hello')
    expect(answer.headers.get('content-type')).toBe('application/x-onnx')
    expect(answer.headers.get('content-disposition')).toContain(
      `filename*=UTF-8''mod%C3%A8le%20%221%22.onnx`,
    )
    const tampered = await fetch(url.replace(HELLO, '0'.repeat(64)))
    expect(tampered.status).toBe(403)
  })

  it('reads a blob that was retired and is named after all', async () => {
    await store.put(oneChunk('hello'), LIMIT)
    await store.retire(HELLO, soon())
    const options = { seconds: 60, filename: 'x', mediaType: 'text/plain' }
    expect(await (await fetch(await direct.readUrl(HELLO, options))).text()).toBe('hello')
    const absent = direct.readUrl('0'.repeat(64), options)
    await expect(absent).rejects.toMatchObject({ code: 'not_found' })
  })

  it('takes a part of just the length that was signed', async () => {
    const url = await direct.writeUrl('upl_1/1', { seconds: 60, bytes: 5 })
    const tooLong = await fetch(url, { method: 'PUT', body: 'hello!' })
    expect(tooLong.status).toBe(403)
    expect(await direct.statPart('upl_1/1')).toBeNull()
    const sent = await fetch(url, { method: 'PUT', body: 'hello' })
    expect(sent.status).toBe(200)
    expect(await direct.statPart('upl_1/1')).toMatchObject({ part: 'upl_1/1', size: 5 })
    expect((await collect(await direct.readPart('upl_1/1'))).toString()).toBe('hello')
    expect(await keys()).toEqual([])
  })

  it('lists and deletes the parts of one upload', async () => {
    for (const part of ['upl_1/1', 'upl_1/2', 'upl_2/1']) {
      const url = await direct.writeUrl(part, { seconds: 60, bytes: 1 })
      await fetch(url, { method: 'PUT', body: 'x' })
    }
    const parts = async (prefix: string): Promise<string[]> => {
      const found: string[] = []
      for await (const { part } of direct.parts(prefix)) found.push(part)
      return found
    }
    expect(await parts('upl_1/')).toEqual(['upl_1/1', 'upl_1/2'])
    await direct.deletePart('upl_1/1')
    await direct.deletePart('upl_1/1')
    expect(await parts('')).toEqual(['upl_1/2', 'upl_2/1'])
    await expect(direct.readPart('upl_1/1')).rejects.toMatchObject({ code: 'not_found' })
    await expect(direct.readPart('../blobs/x')).rejects.toMatchObject({ code: 'not_found' })
  })
})
