// Models that are wrong, by table: each answer names the node or value and says what would be right.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { makeZip } from '#test/support/make-zip'
import type { RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'
import { toyModel } from '#test/support/toy-model'

let service: RefusingService

beforeAll(async () => {
  service = await startRefusingService()
})
afterAll(() => service.stop())

const text = (body: string, head = '<ir_version: 8, opset_import: ["" : 17]>'): Uint8Array =>
  modelBytes(parseModel(`${head} g ${body}`))
const cut = (bytes: Uint8Array, share: number): Uint8Array =>
  bytes.slice(0, Math.floor(bytes.length * share))

const MODELS: readonly (readonly [string, () => Uint8Array, number, string, RegExp])[] = [
  ['nothing', () => new Uint8Array(0), 422, 'empty_file', /no bytes/],
  ['a web page', () => Buffer.from('<!doctype html><html>'), 422, 'not_onnx', /HTML/],
  ['a picture', () => Buffer.from('\x89PNG\r\n\x1a\n0000', 'latin1'), 422, 'not_onnx', /PNG/],
  ['half a model', () => cut(toyModel(), 0.5), 422, 'not_onnx', /truncated/],
  [
    'trailing bytes',
    () => Buffer.concat([toyModel(), Buffer.alloc(64, 0xff)]),
    422,
    'not_onnx',
    /varint|byte/,
  ],
  [
    'an opset from the future',
    () =>
      text(
        '(float[1] x) => (float[1] y) { y = Relu(x) }',
        '<ir_version: 8, opset_import: ["" : 999]>',
      ),
    422,
    'onnx_version_unsupported',
    /999/,
  ],
  [
    'an unknown operator',
    () => text('(float[1] x) => (float[1] y) { y = Frobnicate(x) }'),
    422,
    'unsupported_operator',
    /Frobnicate/,
  ],
  [
    'a custom domain',
    () =>
      text(
        '(float[1] x) => (float[1] y) { y = com.acme.Op(x) }',
        '<ir_version: 8, opset_import: ["" : 17, "com.acme" : 1]>',
      ),
    422,
    'unsupported_operator',
    /com\.acme\.Op/,
  ],
  [
    'a cycle',
    () => text('(float[1] x) => (float[1] a) { a = Add(x, b) b = Relu(a) }'),
    422,
    'invalid_graph',
    /cycle/,
  ],
  [
    'strings',
    () => text('(string[1] x) => (string[1] y) { y = Identity(x) }'),
    422,
    'unsupported_input',
    /string/,
  ],
  [
    'weights that are not finite',
    () =>
      text(
        '(float[1, 2] x) => (float[1, 2] y) <float[2, 2] w = {nan, 1, 2, 3}> { y = MatMul(x, w) }',
      ),
    422,
    'invalid_weights',
    /'w'/,
  ],
  [
    'a tensor that fills memory',
    () =>
      text(
        '(float[1] x) => (float[N] y) <int64[1] n = {3000000000}> { c = ConstantOfShape(n) y = Add(c, x) }',
      ),
    422,
    'tensor_too_large',
    /'c'/,
  ],
  [
    'a loop without end',
    () =>
      text(
        '(float[1] x) => (float[1] y) <int64 n = {4611686018427387904}, bool go = {1}> { y = Loop <body = b (int64 i, bool c, float[1] a) => (bool d, float[1] r) { d = Identity(c) r = Identity(a) }> (n, go, x) }',
      ),
    422,
    'loop_unbounded',
    /iterations|Loop/i,
  ],
  [
    'a block size that overflows',
    () =>
      text(
        '(float[1, 4, 2, 2] x) => (float[1, 1, 4, 4] y) { y = DepthToSpace <blocksize = 4294967296> (x) }',
      ),
    422,
    'invalid_attribute',
    /blocksize/,
  ],
  [
    'more bytes than allowed',
    () => new Uint8Array(5 * 2 ** 20),
    413,
    'payload_too_large',
    /4194304/,
  ],
]

describe('models', () => {
  test.each(MODELS)('%s', async (_, bytes, status, code, detail) => {
    const reply = await call(service.url, 'POST', '/v1/models', bytes())
    expect([reply.status, reply.json['code']], reply.text).toEqual([status, code])
    expect(reply.json['detail']).toMatch(detail)
  })

  test('a checksum that differs', async () => {
    const digest = { 'content-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }
    const reply = await call(service.url, 'POST', '/v1/models', toyModel(), digest)
    expect([reply.status, reply.json['code']]).toEqual([422, 'checksum_mismatch'])
  })

  test('a zip without a model, with a way out, with external data missing', async () => {
    const zip = { 'content-type': 'application/zip' }
    const send = (members: Parameters<typeof makeZip>[0]) =>
      call(service.url, 'POST', '/v1/models', new Uint8Array(makeZip(members)), zip)
    expect((await send([{ name: 'a.txt', body: Buffer.from('x') }])).json['code']).toBe('not_onnx')
    expect((await send([{ name: '../a.onnx', body: toyModel() }])).json['code']).toBe(
      'archive_path_escape',
    )
    const external = text(
      '(float[1, 2] x) => (float[1, 2] y) <float[2, 2] w = ["location": "w.bin", "offset": "0"]> { y = MatMul(x, w) }',
    )
    const missing = await send([{ name: 'm.onnx', body: external }])
    expect([missing.json['code'], missing.json['detail']]).toEqual([
      'external_data_missing',
      expect.stringMatching(/w\.bin/),
    ])
    const whole = await send([
      { name: 'm.onnx', body: external },
      { name: 'w.bin', body: new Uint8Array(16) },
    ])
    expect(whole.status, whole.text).toBe(201)
  })
})
