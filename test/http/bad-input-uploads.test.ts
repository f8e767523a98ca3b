// Uploads by parts that go wrong: each answer says what, and what would be right; nothing of it is kept.

import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reply } from '#test/support/running-service'
import type { RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'

const MIB = 2 ** 20
const bytes = randomBytes(3 * MIB)
const sha256 = createHash('sha256').update(bytes).digest('hex')
const newUpload = { filename: 'm.onnx', size_bytes: bytes.length, sha256, purpose: 'model' }

let service: RefusingService

beforeAll(async () => {
  service = await startRefusingService()
})
afterAll(() => service.stop())

const post = (path: string, body: object | null = null): Promise<Reply> =>
  call(service.url, 'POST', path, body)
const begin = (change: object = {}): Promise<Reply> =>
  post('/v1/uploads', { ...newUpload, ...change })
const begun = async (): Promise<string> => `/v1/uploads/${String((await begin()).json['id'])}`
const put = (path: string, body: Uint8Array, headers = {}): Promise<Reply> =>
  call(service.url, 'PUT', path, body, headers)
const outcome = ({ status, json }: Reply): unknown[] => [status, json['code']]

describe('to begin with', () => {
  test.each([
    ['a file of no bytes', { size_bytes: 0 }, 422, 'empty_file', /at least one byte/],
    ['a negative size', { size_bytes: -1 }, 422, 'out_of_range', /at least 0/],
    ['half a byte', { size_bytes: 1.5 }, 400, 'wrong_type', /whole number/],
    ['a size as text', { size_bytes: '5' }, 400, 'wrong_type', /size_bytes/],
    ['more than allowed', { size_bytes: 2 ** 40 }, 413, 'payload_too_large', /4194304/],
    ['a size beyond all', { size_bytes: 2 ** 60 }, 422, 'out_of_range', /9007199254740991/],
    ['another hash', { sha256: 'abc' }, 400, 'invalid_string', /SHA-256/],
    ['an upper-case hash', { sha256: sha256.toUpperCase() }, 400, 'invalid_string', /lower-case/],
    ['another purpose', { purpose: 'virus' }, 422, 'invalid_value', /"model", "dataset"/],
    ['no name', { filename: '' }, 422, 'limit_exceeded', /at least 1/],
    ['a name of 4 kB', { filename: 'x'.repeat(4096) }, 422, 'limit_exceeded', /256/],
    ['a name with an escape', { filename: 'a\u001b[31m' }, 422, 'invalid_value', /control/],
    ['a field of its own', { parts: 3 }, 400, 'unknown_field', /'parts'/],
  ])('%s', async (_, change, status, code, detail) => {
    const reply = await begin(change)
    expect(outcome(reply), reply.text).toEqual([status, code])
    expect(reply.json['detail']).toMatch(detail)
  })

  test.each(['../../etc/passwd', 'CON', 'a\u202egnp.exe', 'ä ö / \\ %00'])(
    'the name %j is a label and nothing else',
    async (filename) => {
      const { status, json } = await begin({ filename })
      expect([status, json['filename']]).toEqual([201, filename])
      expect(JSON.stringify(json['parts'])).not.toContain('passwd')
    },
  )
})

describe('parts', () => {
  test.each(['0', '2', '-1', '01', '1e0', '1.0', '10001', '1000000', '99999999999999', 'x', '%00'])(
    'there is no part %s of one',
    async (number) => {
      const reply = await put(`${await begun()}/parts/${number}`, bytes)
      expect(outcome(reply), reply.text).toEqual([404, 'not_found'])
    },
  )

  test('too many bytes are refused before they are read, with the number allowed', async () => {
    const { hostname, port } = new URL(service.url)
    const path = `${await begun()}/parts/1`
    const reply = await new Promise<string>((resolve, reject) => {
      // 10 GB are declared, none are sent.
      const head = `PUT ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10000000000\r\n\r\n`
      const socket = connect(Number(port), hostname, () => socket.write(head))
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.once('close', () => resolve(text))
      socket.once('error', reject)
    })
    expect(reply).toMatch(/^HTTP\/1.1 413 /)
    expect(reply).toContain('"payload_too_large"')
    expect(reply).toContain(`part 1 has ${bytes.length} bytes, not 10000000000`)
  })

  test('too few bytes, and a digest that differs', async () => {
    const path = `${await begun()}/parts/1`
    const short = await put(path, bytes.subarray(1))
    expect(outcome(short)).toEqual([422, 'part_mismatch'])
    const digest = { 'content-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }
    expect(outcome(await put(path, bytes, digest))).toEqual([422, 'checksum_mismatch'])
    const nonsense = { 'content-digest': 'md5=:x:' }
    expect(outcome(await put(path, bytes, nonsense))).toEqual([400, 'invalid_parameter'])
    const compressed = { 'content-encoding': 'gzip' }
    expect(outcome(await put(path, bytes, compressed))).toEqual([415, 'unsupported_media_type'])
  })
})

describe('completing', () => {
  test('with a part missing, named in the list', async () => {
    const reply = await post(`${await begun()}/complete`)
    expect(outcome(reply)).toEqual([409, 'parts_missing'])
    expect(reply.json['errors']).toEqual([
      { pointer: '/parts/0', code: 'parts_missing', detail: 'part 1 has not arrived' },
    ])
  })

  test('with other parts than were sent', async () => {
    const path = await begun()
    await put(`${path}/parts/1`, bytes)
    const claims = [
      [{ part_number: 2 }],
      [{ part_number: 1 }, { part_number: 2 }],
      [{ part_number: 1, sha256: '0'.repeat(64) }],
      [],
    ]
    for (const parts of claims) {
      const reply = await post(`${path}/complete`, { parts })
      expect(outcome(reply), JSON.stringify(parts)).toEqual([422, 'part_mismatch'])
    }
    const fields = await post(`${path}/complete`, { parts: [{ part_number: 1, etag: 'x' }] })
    expect(outcome(fields)).toEqual([400, 'unknown_field'])
    const right = await post(`${path}/complete`, { parts: [{ part_number: 1, sha256 }] })
    expect(right.status).toBe(200)
  })

  test('with other bytes than promised: it stays pending', async () => {
    const begunOne = await begin({ sha256: '0'.repeat(64) })
    const path = `/v1/uploads/${String(begunOne.json['id'])}`
    await put(`${path}/parts/1`, bytes)
    const reply = await post(`${path}/complete`)
    expect(outcome(reply)).toEqual([422, 'checksum_mismatch'])
    expect(reply.json['detail']).toContain(sha256)
    expect((await call(service.url, 'GET', path)).json['status']).toBe('pending')
  })

  test('twice answers the same, and takes no further parts', async () => {
    const path = await begun()
    await put(`${path}/parts/1`, bytes)
    const [first, second] = [await post(`${path}/complete`), await post(`${path}/complete`)]
    expect([first.status, second.status]).toEqual([200, 200])
    expect(second.json).toEqual(first.json)
    const late = await put(`${path}/parts/1`, bytes)
    expect(outcome(late)).toEqual([409, 'upload_not_pending'])
  })

  test.each([
    ['a body that is no JSON', 'text/plain', 415],
    ['JSON that is none', 'application/json', 400],
  ])('%s', async (_, type, status) => {
    const headers = { 'content-type': type }
    const path = `${await begun()}/complete`
    expect((await call(service.url, 'POST', path, '{', headers)).status).toBe(status)
  })
})
