// Rows 14–16 of the fault matrix: an object store that errs, is slow, breaks off or answers wrongly. Seeds are fixed.

import { createServer, request as httpRequest } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { BlobStore } from '#src/ports/blob-store'
import { byteStream, oneChunk, sha256Of } from '#test/support/byte-streams'
import { startFaultProxy } from '#test/support/fault-proxy'
import type { FaultProxy } from '#test/support/fault-proxy'
import { openTestS3Blobs } from '#test/support/test-s3-blobs'
import { startTcpProxy } from '#test/support/tcp-proxy'
import { testS3 } from '#test/support/test-s3'

const LIMIT = { maxBytes: 1e9 }
const SEED = 20261126
const LARGE = 17 * 2 ** 20

vi.setConfig({ testTimeout: 180_000 })

let folder: string
let proxy: FaultProxy
let store: BlobStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-faults-'))
  proxy = await startFaultProxy(testS3().endpoint, SEED)
  store = await openTestS3Blobs(folder, {
    endpoint: proxy.endpoint,
    idleMs: 1_000,
    stallMs: 200,
  })
})

afterEach(async () => {
  proxy.set({})
  proxy.pace(null)
  await store.close()
  await proxy.close()
  await rm(folder, { recursive: true, force: true })
})

/** Answers the first read of an object as if nothing were there, as Swift may while an object is replaced; passes on all else. */
async function startForgetfulProxy(upstream: string): Promise<Server> {
  const { host, port } = new URL(upstream)
  let forgets = true
  const server = createServer((request, response) => {
    if (forgets && request.url!.includes('x-id=GetObject')) {
      forgets = false
      response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
      return
    }
    const { method, url: path, headers } = request
    const passed = httpRequest(
      { host: host.split(':')[0], port, method, path, headers },
      (answer) => answer.pipe(response.writeHead(answer.statusCode!, answer.headers)),
    )
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

it('reads a blob again that is replaced while it is read', async () => {
  const forgetful = await startForgetfulProxy(testS3().endpoint)
  const { port } = forgetful.address() as AddressInfo
  const forgotten = await openTestS3Blobs(folder, { endpoint: `http://127.0.0.1:${port}` })
  const { key } = await forgotten.put(oneChunk('replaced'), LIMIT)
  expect(await sha256Of(await forgotten.read(key))).toBe(key)
  await forgotten.close()
  forgetful.close()
})

function report(what: string, figures: Readonly<Record<string, number>>): void {
  const all = { seed: SEED, ...figures, ...proxy.counts }
  const words = Object.entries(all).flatMap(([name, value]) =>
    value > 0 ? `${name}=${value}` : [],
  )
  console.log(`${what}: ${words.join(' ')}`)
}

/** Runs as many at a time as a process does. */
async function repeat(times: number, work: (index: number) => Promise<void>): Promise<number> {
  let next = 0
  let failed = 0
  const some = async (): Promise<void> => {
    while (next < times) {
      const index = next
      next += 1
      await work(index).catch((error: unknown) => {
        failed += 1
        console.error(error)
      })
    }
  }
  await Promise.all(Array.from({ length: 8 }, some))
  return failed
}

it('succeeds although one request in ten is answered with 500 or 503', async () => {
  proxy.set({ error: 0.1 })
  const n = 300
  const failed = await repeat(n, async (index) => {
    const text = `blob ${index}`
    const { key } = await store.put(oneChunk(text), LIMIT)
    expect(await store.stat(key)).toEqual({ key, size: text.length })
    expect(await sha256Of(await store.read(key))).toBe(key)
  })
  report('put, stat and read at 10 % errors', { n, failed })
  expect(failed).toBe(0)
  expect(proxy.counts.error).toBeGreaterThan(60)
})

it('succeeds although connections break and answers are lost', async () => {
  proxy.set({ reset: 0.05, lost: 0.05 })
  const n = 100
  const failed = await repeat(n, async (index) => {
    const { key } = await store.put(oneChunk(`blob ${index}`), LIMIT)
    expect(await sha256Of(await store.read(key))).toBe(key)
  })
  report('put and read over broken connections', { n, failed })
  expect(failed).toBe(0)
  expect(proxy.counts.lost).toBeGreaterThan(5)
})

it('downloads nothing but the bytes that were stored', async () => {
  const source = byteStream(400_000, SEED)
  await store.put(source.bytes, LIMIT)
  proxy.set({ short: 0.1, cut: 0.1, stall: 0.05, flip: 0.05 })
  const n = 500
  let corrupt = 0
  const failed = await repeat(n, async (index) => {
    const path = join(folder, `copy-${index}`)
    await store.download(source.sha256, path)
    const hash = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    if (hash !== source.sha256) corrupt += 1
    await rm(path)
  })
  report('downloads of short, broken, stalled and changed bodies', { n, failed, corrupt })
  expect(corrupt).toBe(0)
  // A changed bit costs a whole try of five: 500 × 0.05⁵ is 0.0002.
  expect(failed).toBe(0)
  expect(proxy.counts.short + proxy.counts.cut + proxy.counts.stall).toBeGreaterThan(100)
})

it('reads ranges whole although bodies break off', async () => {
  const text = 'abcdefghij'.repeat(10_000)
  const { key } = await store.put(oneChunk(text), LIMIT)
  proxy.set({ short: 0.15, cut: 0.15, stall: 0.05 })
  const n = 200
  const failed = await repeat(n, async (index) => {
    const start = index * 400
    const stream = await store.read(key, { start, end: start + 20_000 })
    const wanted = createHash('sha256')
      .update(text.slice(start, start + 20_000))
      .digest('hex')
    expect(await sha256Of(stream)).toBe(wanted)
  })
  report('ranges of short, broken and stalled bodies', { n, failed })
  expect(failed).toBe(0)
})

it('completes an upload once, whatever the store answers', async () => {
  proxy.set({ complete: 0.6, error: 0.05 })
  const n = 8
  for (let index = 0; index < n; index += 1) {
    const source = byteStream(LARGE, SEED + index)
    expect(await store.put(source.bytes, LIMIT)).toEqual({ key: source.sha256, size: LARGE })
  }
  proxy.set({})
  const keys: string[] = []
  for await (const { key } of store.keys()) keys.push(key)
  for (const key of keys) expect(await sha256Of(await store.read(key))).toBe(key)
  report('uploads by parts with wrong answers', { n, stored: keys.length })
  expect(keys).toHaveLength(n)
  expect(proxy.counts.complete).toBeGreaterThan(3)
})

it('says that the store is not there, and goes on when it is back', async () => {
  const { key } = await store.put(oneChunk('hello'), LIMIT)
  proxy.set({ error: 1 })
  const unavailable = { code: 'unavailable' }
  await Promise.all([
    expect(store.put(oneChunk('other'), LIMIT)).rejects.toMatchObject(unavailable),
    expect(store.stat(key)).rejects.toMatchObject(unavailable),
    expect(store.read(key)).rejects.toMatchObject(unavailable),
    expect(store.download(key, join(folder, 'copy'))).rejects.toMatchObject(unavailable),
  ])
  proxy.set({})
  expect(await sha256Of(await store.read(key))).toBe(key)
  await store.put(oneChunk('other'), LIMIT)
})

it('says that the store is full', async () => {
  proxy.set({ full: 1 })
  const put = store.put(oneChunk('hello'), LIMIT)
  await expect(put).rejects.toMatchObject({ code: 'storage_full' })
})

it('waits for a store of 50 kB/s that never stops', async () => {
  const source = byteStream(120_000, SEED)
  proxy.pace(50_000)
  const slow = await openTestS3Blobs(folder, {
    endpoint: proxy.endpoint,
    idleMs: 5_000,
    stallMs: 5_000,
  })
  const startedAt = performance.now()
  await slow.put(source.bytes, LIMIT)
  expect(await sha256Of(await slow.read(source.sha256))).toBe(source.sha256)
  const seconds = (performance.now() - startedAt) / 1000
  report('120 kB there and back at 50 kB/s', { seconds: Math.round(seconds * 10) / 10 })
  expect(seconds).toBeGreaterThan(4)
  await slow.close()
})

it('gives up on a store that accepts connections and says nothing, and goes on when it speaks', async () => {
  const { hostname, port } = new URL(testS3().endpoint)
  const link = await startTcpProxy({ host: hostname, port: Number(port) })
  const endpoint = `http://${link.host}:${link.port}`
  const far = await openTestS3Blobs(folder, { endpoint, idleMs: 200, stallMs: 200 })
  const { key } = await far.put(oneChunk('hello'), LIMIT)
  link.silence()
  await expect(far.stat(key)).rejects.toMatchObject({ code: 'unavailable' })
  await link.restore()
  expect(await far.stat(key)).toEqual({ key, size: 5 })
  link.cut()
  await expect(far.read(key)).rejects.toMatchObject({ code: 'unavailable' })
  await link.restore()
  expect(await sha256Of(await far.read(key))).toBe(key)
  await far.close()
  await link.close()
})
