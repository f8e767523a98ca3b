// Requests that are wrong before their body is looked at: media types, lengths, idempotency keys.

import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'

let service: RefusingService

beforeAll(async () => {
  service = await startRefusingService()
})
afterAll(() => service.stop())

const spec = (change: object = {}): object => service.spec(change)

describe('HTTP', () => {
  const raw = (head: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port, hostname } = new URL(service.url)
      // Half-closed, it would count as given up before the answer; `connection: close` ends it.
      const socket = connect(Number(port), hostname, () => socket.write(head))
      let reply = ''
      socket.on('data', (chunk) => (reply += chunk.toString()))
      socket.once('close', () => resolve(reply))
      socket.once('error', reject)
    })

  test.each([
    ['no content type', {}, 415],
    ['a tab behind it', { 'content-type': 'application/json\ta' }, 415],
    ['words behind it', { 'content-type': 'application/json garbage' }, 415],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 415],
  ])('%s', async (_, headers, status) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const reply = await raw(
      `POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n${lines.join('')}\r\n{}`,
    )
    expect(reply).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(reply).toContain('"unsupported_media_type"')
  })

  test('both lengths at once', async () => {
    const reply = await raw(
      'POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    )
    expect(reply).toMatch(/^HTTP\/1.1 400 /)
    expect(reply).toContain('"malformed_request"')
  })

  test.each([
    ['no HTTP at all', 'HELLO\r\n\r\n', 400, 'malformed_request'],
    ['no Host', 'GET /v1/jobs HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'malformed_request'],
    [
      'too many header fields',
      `GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'header_too_large',
    ],
  ])('%s is a problem with an id too', async (_, head, status, code) => {
    const reply = await raw(head)
    expect(reply).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(reply).toMatch(/^request-id: request_\w+\r$/im)
    expect(reply).toMatch(/^content-type: application\/problem\+json\r$/im)
    expect(reply).toContain(`"${code}"`)
  })

  test('a body too large is refused before it comes', async () => {
    const reply = await raw(
      'POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 60000000\r\n\r\n',
    )
    expect(reply).toMatch(/^HTTP\/1.1 413 /)
    expect(reply).toMatch(/^connection: close\r$/im)
  })

  test('an empty body is none, whatever its type, where none is needed', async () => {
    const id = `upload_${'0'.repeat(26)}`
    const reply = await raw(
      `POST /v1/uploads/${id}/complete HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n`,
    )
    expect(reply).toContain('there is no upload with this id')
  })

  test('a parameter is given once, and what it holds is named with it', async () => {
    const twice = await call(service.url, 'GET', '/v1/jobs?limit=1&limit=2')
    expect(twice.json['detail']).toBe('limit: must be given once')
    const inside = await call(
      service.url,
      'POST',
      `/v1/datasets?format=images&preprocess=${encodeURIComponent('{"resiz":1}')}`,
      'x',
      { 'content-type': 'application/zip' },
    )
    expect(inside.json['detail']).toBe("preprocess/resiz: 'resiz' is not known here")
  })

  test('an idempotency key: twice, too long, for another body', async () => {
    const twice = await raw(
      'POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\nidempotency-key: a\r\nidempotency-key: b\r\n\r\n{}',
    )
    expect(twice).toContain('"invalid_idempotency_key"')
    const long = await call(service.url, 'POST', '/v1/jobs', spec(), {
      'idempotency-key': 'k'.repeat(5000),
    })
    expect(long.json['code']).toBe('invalid_idempotency_key')
    const key = { 'idempotency-key': 'one' }
    const first = await call(service.url, 'POST', '/v1/jobs', spec(), key)
    const again = await call(service.url, 'POST', '/v1/jobs', spec(), key)
    expect([again.status, again.json['id'], again.headers.get('idempotent-replayed')]).toEqual([
      201,
      first.json['id'],
      'true',
    ])
    const other = await call(service.url, 'POST', '/v1/jobs', spec({ name: 'other' }), key)
    expect([other.status, other.json['code']]).toEqual([422, 'idempotency_key_reused'])
  })

  test('a key may be used again after a refusal', async () => {
    const key = { 'idempotency-key': 'mended' }
    expect((await call(service.url, 'POST', '/v1/jobs', spec({ zz: 1 }), key)).status).toBe(400)
    expect((await call(service.url, 'POST', '/v1/jobs', spec(), key)).status).toBe(201)
  })
})
