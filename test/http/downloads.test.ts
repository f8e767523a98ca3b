// Contents by redirect where the store serves them itself, else streamed; Range and HEAD work either way.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ServiceContext } from '#src/services/service-context'
import { oneChunk } from '#test/support/byte-streams'
import { startDirectService, startStreamingService } from '#test/support/direct-service'
import { call } from '#test/support/running-service'
import { toyModel } from '#test/support/toy-model'
import { sha256 } from '#test/support/upload-parts'

interface Service {
  readonly url: string
  readonly context: ServiceContext
  stop(): Promise<void>
}

const bytes = toyModel()
const ARTIFACT = `artifact_${'0'.repeat(26)}`

/** Gives the service a model and an artifact; their paths. */
async function filled({ url, context }: Service): Promise<string[]> {
  const { json } = await call(url, 'POST', '/v1/models?name=a%20toy', bytes)
  const { key, size } = await context.blobs.put(oneChunk('{"a":1}'), { maxBytes: 99 })
  const record = {
    id: ARTIFACT,
    tenant: 'default',
    job: `job_${'0'.repeat(26)}`,
    kind: 'report',
    filename: 'report.json',
    media_type: 'application/json',
    size_bytes: size,
    sha256: key,
    created_at: '2026-01-01T00:00:00.000Z',
  } as const
  await context.records.commit([{ op: 'insert', collection: 'artifact', record }])
  return [`/v1/models/${String(json['id'])}/content`, `/v1/artifacts/${ARTIFACT}/content`]
}

describe('by redirect', () => {
  let service: Service
  let model = ''
  let artifact = ''

  beforeAll(async () => {
    service = await startDirectService()
    ;[model = '', artifact = ''] = await filled(service)
  })
  afterAll(() => service.stop())

  test('the address is short-lived and for nobody to keep or pass on', async () => {
    const reply = await call(service.url, 'GET', model)
    expect([reply.status, reply.text]).toEqual([302, ''])
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
    const location = new URL(reply.headers.get('location') ?? '')
    const seconds = (Number(location.searchParams.get('until')) - Date.now()) / 1000
    expect(seconds).toBeLessThanOrEqual(15 * 60)
    expect(seconds).toBeGreaterThan(14 * 60)
  })

  test('whoever follows gets the bytes, their name and type, without the key going along', async () => {
    const headers = { authorization: 'Bearer none' }
    const open = await fetch(service.url + artifact)
    expect(await open.text()).toBe('{"a":1}')
    expect(open.headers.get('content-type')).toBe('application/json')
    expect(open.headers.get('content-disposition')).toBe('attachment; filename="report.json"')
    const whole = await fetch(service.url + model)
    expect(sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(sha256(bytes))
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename="a_toy.onnx"')
    // The store would refuse the header; that of a wrong key never gets there.
    expect((await fetch(service.url + model, { headers })).status).toBe(401)
  })

  test('a range is asked of the store', async () => {
    const part = await fetch(service.url + model, { headers: { range: 'bytes=2-11' } })
    expect(part.status).toBe(206)
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(2, 12))).toBe(true)
  })

  test('HEAD and what is cached are answered here', async () => {
    const head = await call(service.url, 'HEAD', model)
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String(bytes.length))
    const etag = head.headers.get('etag') ?? ''
    const cached = await call(service.url, 'GET', model, null, { 'if-none-match': etag })
    expect(cached.status).toBe(304)
    const weak = await call(service.url, 'GET', model, null, {
      'if-none-match': `"other", W/${etag}`,
    })
    expect(weak.status).toBe(304)
  })
})

describe('streamed', () => {
  let service: Service
  let model = ''
  let artifact = ''

  beforeAll(async () => {
    service = await startStreamingService()
    ;[model = '', artifact = ''] = await filled(service)
  })
  afterAll(() => service.stop())

  test('whole, with name, type and digest', async () => {
    const reply = await call(service.url, 'GET', artifact)
    expect([reply.status, reply.text]).toEqual([200, '{"a":1}'])
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(reply.headers.get('content-digest')).toMatch(/^sha-256=:/)
  })

  test('a range, and one that lies outside', async () => {
    const part = await fetch(service.url + model, { headers: { range: 'bytes=2-11' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 2-11/${bytes.length}`,
    ])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(2, 12))).toBe(true)
    const outside = await call(service.url, 'GET', model, null, { range: 'bytes=999999999-' })
    expect([outside.status, outside.json['code']]).toEqual([416, 'range_not_satisfiable'])
    expect(outside.headers.get('content-range')).toBe(`bytes */${bytes.length}`)
  })
})
