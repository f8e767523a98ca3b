// Models and datasets made of uploads by parts: the same answers as for bytes in the request, and once only.

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeZip } from '#test/support/make-zip'
import type { Reply, RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'
import { sha256 } from '#test/support/upload-parts'

let service: RunningService

beforeAll(async () => {
  service = await startService({}, { withWorker: false })
})
afterAll(() => service.stop())

const post = (path: string, body: object | null = null, headers = {}): Promise<Reply> =>
  call(service.url, 'POST', path, body, headers)
const outcome = ({ status, json }: Reply): unknown[] => [status, json['code']]

async function begun(bytes: Uint8Array, purpose: 'model' | 'dataset'): Promise<string> {
  const newUpload = {
    filename: 'file',
    size_bytes: bytes.length,
    sha256: sha256(bytes),
    purpose,
  }
  return String((await post('/v1/uploads', newUpload)).json['id'])
}

async function completed(bytes: Uint8Array, purpose: 'model' | 'dataset'): Promise<string> {
  const id = await begun(bytes, purpose)
  await call(service.url, 'PUT', `/v1/uploads/${id}/parts/1`, bytes)
  expect((await post(`/v1/uploads/${id}/complete`)).status).toBe(200)
  return id
}

const without = (body: Reply['json'], ...fields: readonly string[]): object =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !fields.includes(name)))

describe('a model', () => {
  test('is the one that the same bytes in the request make', async () => {
    const upload = await completed(toyModel(), 'model')
    const metadata = { run: '7' }
    const made = await post('/v1/models', { upload, name: 'toy', metadata })
    const sent = await call(
      service.url,
      'POST',
      `/v1/models?name=toy&metadata=${encodeURIComponent(JSON.stringify(metadata))}`,
      toyModel(),
    )
    expect([made.status, sent.status], made.text).toEqual([201, 201])
    expect(made.headers.get('location')).toBe(`/v1/models/${String(made.json['id'])}`)
    expect(without(made.json, 'id', 'created_at')).toEqual(without(sent.json, 'id', 'created_at'))
    const used = await call(service.url, 'GET', `/v1/uploads/${upload}`)
    expect(used.json['used_by']).toBe(made.json['id'])
  })

  test('can be made of an upload once, and the answer given again for its key', async () => {
    const upload = await completed(toyModel(), 'model')
    const key = { 'idempotency-key': `key of ${upload}` }
    const first = await post('/v1/models', { upload }, key)
    const replayed = await post('/v1/models', { upload }, key)
    expect([replayed.status, replayed.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    expect(replayed.json).toEqual(first.json)
    const again = await post('/v1/models', { upload })
    expect(outcome(again)).toEqual([409, 'upload_used'])
    expect(again.json['detail']).toContain(first.json['id'])
    expect(outcome(await post(`/v1/uploads/${upload}/cancel`))).toEqual([409, 'upload_used'])
    expect((await post(`/v1/uploads/${upload}/complete`)).status).toBe(200)
  })

  test('is made once when many ask at the same time', async () => {
    const upload = await completed(toyModel(), 'model')
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => post('/v1/models', { upload })),
    )
    const statuses = replies.map(({ status }) => status).sort()
    expect(statuses).toEqual([201, 409, 409, 409, 409, 409, 409, 409])
  })

  test('outlives the upload, and its bytes go with it', async () => {
    const bytes = Buffer.from(makeZip([{ name: 'm.onnx', body: toyModel() }]))
    const upload = await completed(bytes, 'model')
    const made = await post('/v1/models', { upload })
    expect([made.json['container'], made.json['sha256']]).toEqual(['zip', sha256(bytes)])
    const path = `/v1/models/${String(made.json['id'])}`
    expect((await call(service.url, 'DELETE', path)).status).toBe(204)
    const { blobs, options } = service.container.context
    if (options.sharing === 'alone') expect(await blobs.stat(sha256(bytes))).toBeNull()
  })

  test('that is none is refused, and the upload may be tried otherwise', async () => {
    const page = await completed(Buffer.from('<html></html>'), 'model')
    expect(outcome(await post('/v1/models', { upload: page }))).toEqual([422, 'not_onnx'])
    const zip = await completed(makeZip([{ name: 'm.onnx', body: toyModel() }]), 'model')
    const wrong = await post('/v1/models', { upload: zip, container: 'onnx' })
    expect(wrong.status).toBe(422)
    expect((await post('/v1/models', { upload: zip })).status).toBe(201)
  })

  test('needs a completed upload of the tenant, for a model', async () => {
    const pending = await begun(toyModel(), 'model')
    expect(outcome(await post('/v1/models', { upload: pending }))).toEqual([
      409,
      'upload_not_completed',
    ])
    const dataset = await completed(toyDataset(2), 'dataset')
    const other = await post('/v1/models', { upload: dataset })
    expect(outcome(other)).toEqual([422, 'invalid_value'])
    expect(other.json['errors']).toMatchObject([{ pointer: '/upload' }])
    for (const upload of [`upload_${'0'.repeat(26)}`, 'x', '../../etc']) {
      expect(outcome(await post('/v1/models', { upload }))).toEqual([404, 'not_found'])
    }
    await post(`/v1/uploads/${pending}/cancel`)
    expect(outcome(await post('/v1/models', { upload: pending }))).toEqual([
      409,
      'upload_not_completed',
    ])
  })

  test('described in the URL and in JSON at once is refused', async () => {
    const upload = await completed(toyModel(), 'model')
    const twice = await post('/v1/models?name=x', { upload })
    expect(outcome(twice)).toEqual([400, 'invalid_parameter'])
    expect(outcome(await post('/v1/models', { upload, size: 1 }))).toEqual([400, 'unknown_field'])
    expect(outcome(await post('/v1/models', {}))).toEqual([400, 'missing_field'])
  })
})

describe('a dataset', () => {
  test('is the one that the same bytes in the request make', async () => {
    const upload = await completed(toyDataset(4), 'dataset')
    const made = await post('/v1/datasets', { upload, name: 'toy', format: 'npz' })
    const sent = await call(service.url, 'POST', '/v1/datasets?name=toy&format=npz', toyDataset(4))
    expect([made.status, sent.status], made.text).toEqual([201, 201])
    expect(without(made.json, 'id', 'created_at')).toEqual(without(sent.json, 'id', 'created_at'))
  })

  test('in the wrong format is refused, and the upload may be tried with another', async () => {
    const upload = await completed(toyDataset(4), 'dataset')
    const wrong = await post('/v1/datasets', { upload, format: 'safetensors' })
    expect(wrong.status).toBe(422)
    const preprocess = await post('/v1/datasets', { upload, format: 'npz', preprocess: {} })
    expect(outcome(preprocess)).toEqual([400, 'invalid_parameter'])
    expect((await post('/v1/datasets', { upload, format: 'npz' })).status).toBe(201)
  })

  test('needs a format, in JSON and in the URL', async () => {
    const upload = await completed(randomBytes(10), 'dataset')
    expect(outcome(await post('/v1/datasets', { upload }))).toEqual([400, 'missing_field'])
    const url = await call(service.url, 'POST', '/v1/datasets', toyDataset(2))
    expect(outcome(url)).toEqual([400, 'invalid_parameter'])
  })
})

describe('metadata in the URL', () => {
  test.each([
    ['no JSON', '{', 400, 'invalid_parameter'],
    ['a list', '[1]', 400, 'invalid_parameter'],
    ['a number as value', '{"a":1}', 400, 'wrong_type'],
    ['a value too long', JSON.stringify({ a: 'x'.repeat(501) }), 422, 'limit_exceeded'],
    ['a prototype', '{"__proto__":{}}', 400, 'invalid_parameter'],
  ])('%s', async (_, metadata, status, code) => {
    for (const [path, bytes] of [
      ['/v1/models?', toyModel()],
      ['/v1/datasets?format=npz&', toyDataset(2)],
    ] as const) {
      const query = `${path}metadata=${encodeURIComponent(metadata)}`
      expect(outcome(await call(service.url, 'POST', query, bytes))).toEqual([status, code])
    }
  })
})
