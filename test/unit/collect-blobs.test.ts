import { expect, test } from 'vitest'
import { openMemoryBlobs } from '#src/adapters/blobs/memory'
import { openMemoryRecords } from '#src/adapters/records/memory'
import type { ArtifactRecord } from '#src/domain/records'
import type { BlobStore, DirectAccess, IncomingPart } from '#src/ports/blob-store'
import { collectBlobs } from '#src/services/collect-blobs'
import { oneChunk } from '#test/support/byte-streams'

const LIMIT = { maxBytes: 1000 }
const HOUR = 3_600_000

async function stores() {
  const blobs = await openMemoryBlobs()
  const records = await openMemoryRecords()
  let later = 0
  return {
    blobs,
    records,
    clock: { now: () => Date.now() + later },
    wait: (ms: number): void => {
      later += ms
    },
  }
}

function artifactOf(sha256: string): ArtifactRecord {
  return {
    id: `art_${sha256}`,
    tenant: 'one',
    job: 'job_1',
    kind: 'model',
    filename: 'model.onnx',
    media_type: 'application/octet-stream',
    size_bytes: 5,
    sha256,
    created_at: '2026-01-01T00:00:00.000Z',
  }
}

test('what no record names goes after an hour, what one names stays', async () => {
  const context = await stores()
  const named = await context.blobs.put(oneChunk('named'), LIMIT)
  const unnamed = await context.blobs.put(oneChunk('unnamed'), LIMIT)
  await context.records.commit([
    { op: 'insert', collection: 'artifact', record: artifactOf(named.key) },
  ])
  context.wait(HOUR - 60_000)
  expect(await collectBlobs(context)).toEqual({ blobs: 0, parts: 0 })
  context.wait(120_000)
  expect(await collectBlobs(context)).toEqual({ blobs: 1, parts: 0 })
  expect(await context.blobs.stat(unnamed.key)).toBeNull()
  expect(await context.blobs.stat(named.key)).not.toBeNull()
})

test('bytes stored again while they are judged stay', async () => {
  const context = await stores()
  const { key } = await context.blobs.put(oneChunk('hello'), LIMIT)
  const long = Date.now() - 2 * HOUR
  // Listed as old; a put that finds them comes before they are retired.
  const blobs: BlobStore = {
    ...context.blobs,
    async *keys() {
      yield { key, storedAt: long }
      await context.blobs.put(oneChunk('hello'), LIMIT)
    },
  }
  await collectBlobs({ ...context, blobs })
  expect(await context.blobs.stat(key)).not.toBeNull()
})

test('while the records cannot be asked nothing goes', async () => {
  const context = await stores()
  const { key } = await context.blobs.put(oneChunk('hello'), LIMIT)
  context.wait(2 * HOUR)
  const records = {
    ...context.records,
    count: async () => {
      throw new Error('no answer')
    },
  }
  await expect(collectBlobs({ ...context, records })).rejects.toThrow('no answer')
  expect(await context.blobs.stat(key)).not.toBeNull()
})

test('parts sent to an upload that is no more go after an hour', async () => {
  const context = await stores()
  const part = (name: string, age: number): IncomingPart => {
    return { part: name, size: 1, storedAt: Date.now() - age }
  }
  const parts = [
    part('upl_kept/1', 2 * HOUR),
    part('upl_gone/1', 2 * HOUR),
    part('upl_gone/2', HOUR / 2),
  ]
  const deleted: string[] = []
  const direct = {
    async *parts() {
      yield* parts
    },
    async deletePart(name: string) {
      deleted.push(name)
    },
  } as unknown as DirectAccess
  const records = {
    ...context.records,
    get: async (_: string, id: string) => (id === 'upl_kept' ? { record: {}, version: 1 } : null),
  } as typeof context.records
  const blobs = { ...context.blobs, direct }
  expect(await collectBlobs({ ...context, blobs, records })).toEqual({ blobs: 0, parts: 1 })
  expect(deleted).toEqual(['upl_gone/1'])
})
