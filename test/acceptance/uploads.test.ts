// Uploads by parts from outside, by presigned addresses where the profile has a bucket, while the service is killed for
// real: what has arrived is not sent again.

import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Upload } from '@tersor/sdk'
import { Tersor } from '@tersor/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { xorshift32 } from '#test/support/byte-streams'
import { float32Array, int64Array, makeNpz } from '#test/support/make-npz'
import { presignedEnv, testProfile } from '#test/support/profile'
import type { ServiceProcesses } from '#test/support/service-processes'
import { startProcesses } from '#test/support/service-processes'
import { toyModel } from '#test/support/toy-model'

const SAMPLES = 40_000
const KILLS = 6
const SEED = 20_261_126

/** A dataset of four parts. */
const bytes = makeNpz({
  x: float32Array(
    [SAMPLES, 3, 8, 8],
    Float32Array.from({ length: SAMPLES * 192 }, (_, index) => Math.sin(index)),
  ),
  labels: int64Array(
    [SAMPLES],
    Array.from({ length: SAMPLES }, (_, index) => index % 4),
  ),
})
const sha256 = createHash('sha256').update(bytes).digest('hex')

let folder: string
let path: string
let program: ServiceProcesses
let tersor: Tersor

async function start(): Promise<void> {
  program = await startProcesses(join(folder, 'data'), presignedEnv())
  tersor = new Tersor({ baseUrl: program.url })
}

async function killAndStart(): Promise<void> {
  await program.kill('SIGKILL')
  await start()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acceptance-uploads-'))
  path = join(folder, 'data.npz')
  await writeFile(path, bytes)
  await start()
})
afterAll(async () => {
  await program.kill('SIGTERM')
  // What was killed may still write for a moment.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

async function begin(): Promise<Upload> {
  const body = {
    filename: 'data.npz',
    size_bytes: bytes.length,
    sha256,
    purpose: 'dataset',
  } as const
  const { data } = await tersor.client.POST('/v1/uploads', { body })
  return data as Upload
}

async function get(id: string): Promise<Upload> {
  const { data } = await tersor.client.GET('/v1/uploads/{id}', { params: { path: { id } } })
  return data as Upload
}

async function complete(id: string): Promise<Upload> {
  const { data } = await tersor.client.POST('/v1/uploads/{id}/complete', {
    params: { path: { id } },
  })
  return data as Upload
}

function bytesOf(upload: Upload, number: number): Buffer {
  const start = (number - 1) * upload.part_size_bytes
  return bytes.subarray(start, start + upload.part_size_bytes)
}

async function send(upload: Upload, number: number): Promise<void> {
  const { url } = (await get(upload.id)).parts[number - 1]!
  const reply = await fetch(new URL(url ?? '', program.url), {
    method: 'PUT',
    body: new Uint8Array(bytesOf(upload, number)),
  })
  expect(reply.status, await reply.text()).toBe(200)
}

/** Sends half of a part through the API, and leaves it hanging there. */
async function sendHalf(upload: Upload, number: number): Promise<void> {
  const part = bytesOf(upload, number)
  const url = new URL(`/v1/uploads/${upload.id}/parts/${number}`, program.url)
  const headers = { 'content-length': part.length }
  const sending = httpRequest(url, { method: 'PUT', headers })
  sending.on('error', () => {})
  await new Promise<void>((resolve) => {
    sending.write(part.subarray(0, part.length / 2), () => resolve())
  })
}

const received = (upload: Upload): boolean[] => upload.parts.map((part) => part.received !== null)

test('killed in the middle of a part: the others are there, it alone is sent again', async () => {
  const upload = await begin()
  await Promise.all([send(upload, 1), send(upload, 4)])
  await sendHalf(upload, 2)
  await killAndStart()
  expect(received(await get(upload.id))).toEqual([true, false, false, true])
  await Promise.all([send(upload, 2), send(upload, 3)])
  expect((await complete(upload.id)).status).toBe('completed')
  const dataset = await tersor.createDataset({ upload: upload.id, format: 'npz' })
  expect([dataset.sha256, dataset.samples]).toEqual([sha256, SAMPLES])
})

test('a model comes back whole, and in ranges, from where it is kept', async () => {
  const model = toyModel()
  const { id } = await tersor.uploadModel(model, 'a toy')
  const url = `${program.url}/v1/models/${id}/content`
  const whole = await fetch(url)
  expect(whole.redirected).toBe(testProfile() === 'distributed')
  expect(Buffer.from(await whole.arrayBuffer()).equals(model)).toBe(true)
  expect(whole.headers.get('content-type')).toBe('application/octet-stream')
  expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename="a_toy\.onnx"/)
  const part = await fetch(url, { headers: { range: 'bytes=5-14' } })
  expect(part.status).toBe(206)
  expect(Buffer.from(await part.arrayBuffer()).equals(model.subarray(5, 15))).toBe(true)
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(model.length)])
})

test('the SDK goes on after a death of the service where it was', async () => {
  let id = ''
  const first = tersor.uploadFile(path, {
    purpose: 'dataset',
    parallel: 1,
    tries: 2,
    onBegin: (upload) => {
      id = upload.id
    },
    onProgress: (sent) => {
      if (sent > 0) void program.kill('SIGKILL')
    },
  })
  await expect(first).rejects.toThrow()
  await start()
  const told: number[] = []
  const upload = await tersor.uploadFile(path, {
    purpose: 'dataset',
    resume: id,
    onProgress: (sent) => told.push(sent),
  })
  expect(upload.status).toBe('completed')
  expect(told[0]).toBeGreaterThanOrEqual(upload.part_size_bytes)
})

test(
  `killed ${KILLS} times while it completes: completing again is enough (seed ${SEED})`,
  { timeout: 240_000 },
  async () => {
    const random = xorshift32(SEED)
    // How long it takes when nobody kills it.
    const timed = await begin()
    await Promise.all([1, 2, 3, 4].map((number) => send(timed, number)))
    const before = performance.now()
    await complete(timed.id)
    let takes = performance.now() - before

    let interrupted = 0
    for (let kill = 0; kill < KILLS; kill += 1) {
      const upload = await begin()
      await Promise.all([1, 2, 3, 4].map((number) => send(upload, number)))
      const completing = complete(upload.id).then(
        () => 'answered',
        () => 'interrupted',
      )
      await sleep((random() / 2 ** 32) * takes)
      await killAndStart()
      if ((await completing) === 'interrupted') interrupted += 1
      // The first one may have been slower than the others are.
      else takes *= 0.7
      // No part is sent again.
      const completed = await complete(upload.id)
      expect([completed.status, completed.sha256]).toEqual(['completed', sha256])
      expect(await complete(upload.id)).toEqual(completed)
      const dataset = await tersor.createDataset({ upload: upload.id, format: 'npz' })
      expect(dataset.sha256).toBe(sha256)
    }
    expect(interrupted).toBeGreaterThan(0)
  },
)
