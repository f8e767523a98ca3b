// The SDK's upload of a file: parts in parallel, failures, interruption and going on; through the API and to a store.

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Artifact } from '@tersor/sdk'
import { Tersor } from '@tersor/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey } from '#src/services/api-keys'
import type { ApiService } from '#test/support/direct-service'
import { startDirectService, startStreamingService } from '#test/support/direct-service'
import type { FakeObjectStore } from '#test/support/fake-object-store'
import { toyDataset, toyModel } from '#test/support/toy-model'
import { sha256 } from '#test/support/upload-parts'

const MIB = 2 ** 20
const bytes = randomBytes(24 * MIB + 17)

describe.each(['through the API', 'to a store'] as const)('%s', (way) => {
  let service: ApiService
  let store: FakeObjectStore | null = null
  let tersor: Tersor
  let folder: string
  let path: string

  beforeAll(async () => {
    if (way === 'to a store') {
      const direct = await startDirectService()
      service = direct
      store = direct.store
    } else service = await startStreamingService()
    const { key } = await createApiKey(service.context, {
      name: '',
      tenant: 'one',
      scopes: ['read', 'write'],
    })
    tersor = new Tersor({ baseUrl: service.url, apiKey: key })
    folder = await mkdtemp(join(tmpdir(), 'sdk-upload-'))
    path = join(folder, 'file.bin')
    await writeFile(path, bytes)
  })
  afterAll(async () => {
    await service.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('a file arrives whole, with its progress told', async () => {
    const told: number[] = []
    const upload = await tersor.uploadFile(path, {
      purpose: 'dataset',
      onProgress: (sent, total) => {
        expect(total).toBe(bytes.length)
        told.push(sent)
      },
    })
    expect(upload).toMatchObject({
      status: 'completed',
      filename: 'file.bin',
      sha256: sha256(bytes),
    })
    expect((await service.context.blobs.stat(sha256(bytes)))?.size).toBe(bytes.length)
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect([told[0], told.at(-1), told.length]).toEqual([0, bytes.length, 5])
  })

  test('interrupted, it goes on with what is missing', async () => {
    const stop = new AbortController()
    let id = ''
    const first = tersor.uploadFile(path, {
      purpose: 'dataset',
      parallel: 1,
      onBegin: (upload) => {
        id = upload.id
      },
      onProgress: (sent) => {
        if (sent > 12 * MIB) stop.abort(new Error('the laptop was closed'))
      },
      signal: stop.signal,
    })
    await expect(first).rejects.toThrow('the laptop was closed')
    const told: number[] = []
    const upload = await tersor.uploadFile(path, {
      purpose: 'dataset',
      resume: id,
      onProgress: (sent) => told.push(sent),
    })
    expect([upload.id, upload.status]).toEqual([id, 'completed'])
    expect([told[0], told.length]).toEqual([16 * MIB, 3])
    // Again, although all is done: nothing is sent.
    const again = await tersor.uploadFile(path, { purpose: 'dataset', resume: id })
    expect(again.status).toBe('completed')
  })

  test('only with the same file', async () => {
    let id = ''
    await tersor.uploadFile(path, {
      purpose: 'dataset',
      onBegin: (upload) => {
        id = upload.id
      },
    })
    const other = join(folder, 'other.bin')
    await writeFile(other, bytes.subarray(1))
    const attempt = tersor.uploadFile(other, { purpose: 'dataset', resume: id })
    await expect(attempt).rejects.toThrow(/another file/)
  })

  test('a refusal is told as it is', async () => {
    const empty = join(folder, 'empty.bin')
    await writeFile(empty, '')
    const attempt = tersor.uploadFile(empty, { purpose: 'model' })
    await expect(attempt).rejects.toMatchObject({ problem: { code: 'empty_file' } })
  })

  test('a model and a dataset are made of uploads', async () => {
    const files = { 'toy.onnx': toyModel(), 'toy.npz': toyDataset(4) }
    for (const [name, content] of Object.entries(files))
      await writeFile(join(folder, name), content)
    const model = await tersor.uploadFile(join(folder, 'toy.onnx'), { purpose: 'model' })
    const dataset = await tersor.uploadFile(join(folder, 'toy.npz'), { purpose: 'dataset' })
    const small = await tersor.createModel({ upload: model.id, name: 'toy' })
    expect(small).toMatchObject({ name: 'toy', sha256: sha256(toyModel()) })
    // To the store, the key must not go along.
    const content = `/v1/models/${small.id}/content`
    const { sha256: promised } = small
    const artifact = { id: small.id, sha256: promised, urls: { content } } as Artifact
    expect(Buffer.from(await tersor.download(artifact)).equals(toyModel())).toBe(true)
    const made = await tersor.createDataset({ upload: dataset.id, format: 'npz' })
    expect(made.samples).toBe(4)
  })

  if (way === 'to a store') {
    test('a store that fails for a while is asked again', async () => {
      store!.failNext(7)
      const upload = await tersor.uploadFile(path, { purpose: 'dataset', parallel: 2 })
      expect(upload.status).toBe('completed')
      expect(await service.context.records.count('upload_part', {})).toBe(0)
    })

    test('a store that cannot be reached is bypassed through the API', async () => {
      store!.failNext(1_000_000)
      const upload = await tersor.uploadFile(path, { purpose: 'dataset', tries: 2 })
      store!.failNext(0)
      expect(upload.status).toBe('completed')
    })
  }
})
