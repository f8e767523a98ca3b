// How much memory a big blob takes on its way into an S3 store and out of it again.
// Usage: npm run build && node --expose-gc dist/bench/s3-memory.js [MiB = 1024]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobStore } from '#src/ports/blob-store'
import { byteStream, sha256Of } from '#test/support/byte-streams'
import { startSwiftServer } from '#test/support/servers/swift-server'
import { createTestBucket } from '#test/support/test-s3'
import { openTestS3Blobs } from '#test/support/test-s3-blobs'

const MIB = 1024 * 1024
const [mebibytes = '1024'] = process.argv.slice(2)
const SIZE = Number(mebibytes) * MIB
const EVERY_MS = 20

const server = await startSwiftServer()
const folder = await mkdtemp(join(tmpdir(), 'tersor-memory-'))
process.env['TERSOR_TEST_S3_ENDPOINT'] = server.endpoint
process.env['TERSOR_TEST_S3_ACCESS_KEY'] = server.accessKey
process.env['TERSOR_TEST_S3_SECRET_KEY'] = server.secretKey
await createTestBucket({ ...server, region: 'us-east-1', bucket: 'tersor-test' })
const store: BlobStore = await openTestS3Blobs(folder)

async function measure(what: string, mebibytes: number, work: () => Promise<void>): Promise<void> {
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, EVERY_MS)
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  clearInterval(timer)
  const inMib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`
  const rate = `${Math.round(mebibytes / seconds)} MiB/s`
  console.log(
    `${what}: ${mebibytes} MiB in ${seconds.toFixed(1)} s (${rate}), RSS ${inMib(before)} → at most ${inMib(peak)}, growth ${inMib(peak - before)}`,
  )
}

try {
  for (const bytes of [32 * MIB, SIZE]) {
    const mebibytes = bytes / MIB
    const source = byteStream(bytes, mebibytes)
    const { sha256: key } = source
    await measure('put', mebibytes, async () => {
      await store.put(source.bytes, { maxBytes: bytes, expectedSha256: key })
    })
    await measure('download', mebibytes, () => store.download(key, join(folder, String(bytes))))
    await measure('read', mebibytes, async () => {
      if ((await sha256Of(await store.read(key))) !== key) throw new Error('other bytes were read')
    })
  }
} finally {
  await store.close()
  await server.close()
  await rm(folder, { recursive: true })
}
