// Input that is wrong, by table: each answer names the field or node and says what would be right.

import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { float32Array, makeNpz } from '#test/support/make-npz'
import { makeZip } from '#test/support/make-zip'
import type { RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'

let service: RunningService
let model = ''
let dataset = ''

beforeAll(async () => {
  service = await startService(
    { TERSOR_MAX_MODEL_BYTES: '4MiB', TERSOR_MAX_BODY_BYTES: '64KiB' },
    { withWorker: false },
  )
  model = String((await call(service.url, 'POST', '/v1/models', toyModel())).json['id'])
  dataset = String(
    (await call(service.url, 'POST', '/v1/datasets?format=npz', toyDataset(8))).json['id'],
  )
})
afterAll(() => service.stop())

const spec = (change: object = {}): object => ({
  model,
  steps: [{ type: 'quantize', method: 'static' }],
  datasets: { calibration: dataset },
  ...change,
})
const step = (change: object): object =>
  spec({ steps: [{ type: 'quantize', method: 'static', ...change }] })

type Expected = readonly [
  name: string,
  body: () => object | string,
  status: number,
  code: string,
  detail: RegExp,
]

const JOBS: readonly Expected[] = [
  ['an empty body', () => '', 400, 'body_required', /JSON object/],
  ['truncated JSON', () => '{"model":', 400, 'invalid_json', /ends too early|character/],
  ['__proto__', () => '{"__proto__":{}}', 400, 'invalid_json', /__proto__/],
  [
    '__proto__ in escapes',
    () => `{"metadata":{"__pr\\u006fto__":"x"}}`,
    400,
    'invalid_json',
    /__proto__/,
  ],
  ['a number for a word', () => spec({ accelerator: 5 }), 400, 'wrong_type', /accelerator/],
  ['an array', () => '[]', 400, 'body_must_be_object', /object/],
  ['200 000 levels', () => '['.repeat(30_000), 400, 'body_must_be_object', /deeper/],
  ['an unknown field', () => spec({ zz: 1 }), 400, 'unknown_field', /\/zz.*not known/],
  ['an unknown field in a step', () => step({ zz: 1 }), 400, 'unknown_field', /\/steps\/0\/zz/],
  [
    'a number as text',
    () => step({ calibration: { samples: '5' } }),
    400,
    'wrong_type',
    /\/steps\/0\/calibration\/samples: must be a(?: whole)? number, not a string/,
  ],
  [
    'a number too large to be exact',
    () => step({ calibration: { samples: 9223372036854775807 } }),
    422,
    'out_of_range',
    /at most 100000|at most 9007199254740991/,
  ],
  ['no model', () => ({ steps: [] }), 400, 'missing_field', /\/model: is required/],
  ['no steps', () => spec({ steps: [] }), 422, 'limit_exceeded', /\/steps: must be at least 1/],
  [
    'too many steps',
    () => spec({ steps: Array.from({ length: 10_00 }, () => ({ type: 'simplify' })) }),
    422,
    'too_many_steps',
    /\/steps: must be at most 32/,
  ],
  [
    'an unknown step',
    () => spec({ steps: [{ type: 'shrink' }] }),
    422,
    'invalid_value',
    /\/steps\/0\/type: must be one of .*simplify.*quantize/,
  ],
  [
    'an unknown method',
    () => spec({ steps: [{ type: 'quantize', method: 'magic' }] }),
    422,
    'invalid_value',
    /\/steps\/0\/method: must be one of .*static/,
  ],
  [
    'two quantizations',
    () =>
      spec({
        steps: [
          { type: 'quantize', method: 'dynamic' },
          { type: 'quantize', method: 'static' },
        ],
      }),
    422,
    'pipeline_conflict',
    /quantize/,
  ],
  [
    'calibration without data',
    () => spec({ datasets: {} }),
    422,
    'dataset_required',
    /calibration/,
  ],
  [
    'a layer that does not exist',
    () => step({ excluded_layers: ['nope'] }),
    422,
    'invalid_value',
    /nope/,
  ],
  [
    'a model that does not exist',
    () => spec({ model: `model_${'0'.repeat(26)}` }),
    404,
    'not_found',
    /\/model|no model/,
  ],
  [
    'an id of another kind',
    () => spec({ model: dataset }),
    400,
    'invalid_string',
    /\/model: must be an id that starts with model_/,
  ],
  [
    'labels that are not there',
    () =>
      spec({
        datasets: { calibration: dataset, evaluation: dataset },
        evaluation: { task: 'classification', labels: 'truth' },
      }),
    422,
    'dataset_unusable',
    /truth.*labels/,
  ],
  [
    'an output that is not there',
    () => spec({ evaluation: { task: 'none', output: 'z' } }),
    422,
    'evaluation_invalid',
    /'z'.*'y'/,
  ],
  ['NUL in a name', () => spec({ name: 'a\u0000b' }), 400, 'invalid_string', /NUL/],
  ['half a surrogate pair', () => `{"model":"${'\\ud800'}"}`, 400, 'invalid_string', /surrogate/],
  [
    'a body over its limit',
    () => spec({ name: 'x'.repeat(70_000) }),
    413,
    'payload_too_large',
    /at most 65536 bytes/,
  ],
  [
    'a webhook to this machine',
    () => spec({ webhook: { url: 'https://127.0.0.1/' } }),
    422,
    'webhook_url_forbidden',
    /not public/,
  ],
  [
    'a webhook by a mapped address',
    () => spec({ webhook: { url: 'https://[::ffff:7f00:1]/' } }),
    422,
    'webhook_url_forbidden',
    /not public/,
  ],
  [
    'a webhook by NAT64',
    () => spec({ webhook: { url: 'https://[64:ff9b::a9fe:a9fe]/' } }),
    422,
    'webhook_url_forbidden',
    /not public/,
  ],
  [
    'a webhook by a number',
    () => spec({ webhook: { url: 'https://2130706433/' } }),
    422,
    'webhook_url_forbidden',
    /not public/,
  ],
  [
    'a webhook with a password',
    () => spec({ webhook: { url: 'https://a:b@example.com/' } }),
    422,
    'webhook_url_forbidden',
    /password/,
  ],
  [
    'a webhook to a local name',
    () => spec({ webhook: { url: 'https://printer.internal/' } }),
    422,
    'webhook_url_forbidden',
    /local name/,
  ],
  [
    'a webhook over plain http',
    () => spec({ webhook: { url: 'http://example.com/' } }),
    422,
    'webhook_url_forbidden',
    /https/,
  ],
]

describe('jobs', () => {
  test.each(JOBS)('%s', async (_, body, status, code, detail) => {
    const reply = await call(service.url, 'POST', '/v1/jobs', body())
    expect([reply.status, reply.json['code']], reply.text).toEqual([status, code])
    expect(reply.json['detail']).toMatch(detail)
    expect(reply.text).not.toMatch(/node_modules|\.[tj]s:\d|\/tmp\//)
  })
})

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

describe('datasets', () => {
  const upload = (bytes: Uint8Array) => call(service.url, 'POST', '/v1/datasets?format=npz', bytes)

  test('one that does not fit the model is refused at submission, with both shapes', async () => {
    const other = await upload(makeNpz({ x: float32Array([4, 3, 9, 9], new Float32Array(972)) }))
    const reply = await call(
      service.url,
      'POST',
      '/v1/jobs',
      spec({ datasets: { calibration: other.json['id'] } }),
    )
    expect([reply.status, reply.json['code']]).toEqual([422, 'shape_mismatch'])
    expect(reply.json['detail']).toMatch(/9.*8|8.*9/)
  })

  test('one that lacks an input is refused, naming it', async () => {
    const other = await upload(makeNpz({ z: float32Array([4, 2], new Float32Array(8)) }))
    const reply = await call(
      service.url,
      'POST',
      '/v1/jobs',
      spec({ datasets: { calibration: other.json['id'] } }),
    )
    expect(reply.status).toBe(422)
    expect(reply.json['detail']).toMatch(/'x'/)
  })
})

describe('HTTP', () => {
  const raw = (head: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port, hostname } = new URL(service.url)
      const socket = connect(Number(port), hostname, () => socket.end(head))
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
      `POST /v1/jobs HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n${lines.join('')}\r\n{}`,
    )
    expect(reply).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(reply).toContain('"unsupported_media_type"')
  })

  test('both lengths at once', async () => {
    const reply = await raw(
      'POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    )
    expect(reply).toMatch(/^HTTP\/1.1 400 /)
  })

  test('an idempotency key: twice, too long, for another body', async () => {
    const twice = await raw(
      'POST /v1/jobs HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\nidempotency-key: a\r\nidempotency-key: b\r\n\r\n{}',
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
