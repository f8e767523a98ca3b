// Every endpoint over HTTP: one answer as hoped for and one refusal, by operation id.

import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES } from '#src/http/routes/index'
import type { Reply, RunningService } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'

let service: RunningService
let model = ''
let dataset = ''
let job = ''
let artifact = ''

const get = (path: string, headers = {}): Promise<Reply> =>
  call(service.url, 'GET', path, null, headers)
const post = (
  path: string,
  body: object | Uint8Array | null = null,
  headers = {},
): Promise<Reply> => call(service.url, 'POST', path, body, headers)
const newJob = () => ({
  model,
  steps: [{ type: 'quantize', method: 'static' }],
  datasets: { calibration: dataset, evaluation: dataset },
  evaluation: { task: 'classification', latency: { runs: 5 } },
})

beforeAll(async () => {
  service = await startService()
  model = String((await post('/v1/models?name=toy', toyModel())).json['id'])
  dataset = String((await post('/v1/datasets?name=toy&format=npz', toyDataset(64))).json['id'])
  const done = await post('/v1/jobs', newJob(), { prefer: 'wait=25' })
  expect(done.json['status'], done.text).toBe('succeeded')
  job = String(done.json['id'])
  const list = (await get(`/v1/jobs/${job}/artifacts`)).json['data'] as {
    id: string
    kind: string
  }[]
  artifact = list.find(({ kind }) => kind === 'model')!.id
})
afterAll(() => service.stop())

interface Case {
  readonly good: () => Promise<Reply>
  readonly status: number
  readonly check?: (reply: Reply) => void
  readonly bad: () => Promise<Reply>
  readonly refusal: readonly [status: number, code: string]
}

const missing = (kind: string): string => `${kind}_${'0'.repeat(26)}`
const notFound = [404, 'not_found'] as const

const CASES: Readonly<Record<string, Case>> = {
  models_create: {
    good: () => post('/v1/models?name=again', toyModel()),
    status: 201,
    check: ({ json, headers }) => {
      expect(headers.get('location')).toBe(`/v1/models/${json['id']}`)
      expect(json['sha256']).toBe(createHash('sha256').update(toyModel()).digest('hex'))
      expect(json['graph']).toMatchObject({
        opset: 17,
        nodes: 6,
        parameters: 7136,
        inputs: [{ name: 'x', shape: ['batch', 3, 8, 8] }],
      })
    },
    bad: () => post('/v1/models', Buffer.from('<html>')),
    refusal: [422, 'not_onnx'],
  },
  models_list: {
    good: () => get('/v1/models?limit=1'),
    status: 200,
    bad: () => get('/v1/models?limit=0'),
    refusal: [400, 'invalid_parameter'],
  },
  models_get: {
    good: () => get(`/v1/models/${model}`),
    status: 200,
    bad: () => get(`/v1/models/${missing('model')}`),
    refusal: notFound,
  },
  models_delete: {
    good: async () =>
      call(
        service.url,
        'DELETE',
        `/v1/models/${(await post('/v1/models', toyModel())).json['id']}`,
      ),
    status: 204,
    bad: () => call(service.url, 'DELETE', `/v1/models/${missing('model')}`),
    refusal: notFound,
  },
  models_content: {
    good: () => get(`/v1/models/${model}/content`, { range: 'bytes=0-9' }),
    status: 206,
    check: ({ headers }) =>
      expect(headers.get('content-range')).toBe(`bytes 0-9/${toyModel().length}`),
    bad: () => get(`/v1/models/${model}/content`, { range: 'bytes=999999999-' }),
    refusal: [416, 'range_not_satisfiable'],
  },
  datasets_create: {
    good: () => post('/v1/datasets?format=npz', toyDataset(4)),
    status: 201,
    check: ({ json }) =>
      expect(json).toMatchObject({
        samples: 4,
        fields: [{ name: 'x', dtype: 'float32', shape: [4, 3, 8, 8] }, { name: 'labels' }],
      }),
    bad: () => post('/v1/datasets?format=npz', Buffer.from('no archive')),
    refusal: [422, 'archive_invalid'],
  },
  datasets_list: {
    good: () => get('/v1/datasets'),
    status: 200,
    bad: () => get('/v1/datasets?after=model_1'),
    refusal: [400, 'invalid_cursor'],
  },
  datasets_get: {
    good: () => get(`/v1/datasets/${dataset}`),
    status: 200,
    bad: () => get('/v1/datasets/..%2F..%2Fetc'),
    refusal: notFound,
  },
  datasets_delete: {
    good: async () =>
      call(
        service.url,
        'DELETE',
        `/v1/datasets/${(await post('/v1/datasets?format=npz', toyDataset(2))).json['id']}`,
      ),
    status: 204,
    bad: () => call(service.url, 'DELETE', `/v1/datasets/${missing('dataset')}`),
    refusal: notFound,
  },
  jobs_create: {
    good: () => post('/v1/jobs', { ...newJob(), dry_run: true }),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({
        object: 'job_plan',
        accepted: true,
        steps: [{ type: 'quantize', accepted: true }],
      }),
    bad: () => post('/v1/jobs', { ...newJob(), datasets: {} }),
    refusal: [422, 'dataset_required'],
  },
  jobs_list: {
    good: () => get('/v1/jobs?status=succeeded'),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({ object: 'list', has_more: false, first_id: job }),
    bad: () => get('/v1/jobs?status=done'),
    refusal: [422, 'invalid_value'],
  },
  jobs_get: {
    good: () => get(`/v1/jobs/${job}`, { prefer: 'wait=1' }),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({
        status: 'succeeded',
        attempt: 1,
        error: null,
        progress: { fraction: 1 },
      }),
    bad: () => get(`/v1/jobs/${missing('job')}`),
    refusal: notFound,
  },
  jobs_cancel: {
    good: async () => {
      const slow = {
        ...newJob(),
        evaluation: { task: 'classification', latency: { runs: 10_000 } },
      }
      return post(`/v1/jobs/${(await post('/v1/jobs', slow)).json['id']}/cancel`)
    },
    status: 202,
    bad: () => post(`/v1/jobs/${job}/cancel`),
    refusal: [409, 'job_already_finished'],
  },
  jobs_events: {
    good: () => get(`/v1/jobs/${job}/events`),
    status: 200,
    check: ({ json }) =>
      expect((json['data'] as { type: string }[]).map(({ type }) => type)).toEqual([
        'job.succeeded',
        'job.started',
        'job.queued',
      ]),
    bad: () => get(`/v1/jobs/${missing('job')}/events`),
    refusal: notFound,
  },
  jobs_stream: {
    good: () => get(`/v1/jobs/${job}/stream`),
    status: 200,
    check: ({ text, headers }) => {
      expect(headers.get('content-type')).toBe('text/event-stream')
      expect(text).toMatch(/^retry: 3000\n\n(id: event_\w+\nevent: job\.\w+\ndata: \{.*\}\n\n){3}$/)
    },
    bad: () => get(`/v1/jobs/${missing('job')}/stream`),
    refusal: notFound,
  },
  jobs_log: {
    good: () => get(`/v1/jobs/${job}/log?after=0&limit=2`),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({
        object: 'log',
        has_more: true,
        lines: [{ number: 1 }, { number: 2 }],
      }),
    bad: () => get(`/v1/jobs/${job}/log?after=-1`),
    refusal: [400, 'invalid_parameter'],
  },
  jobs_report: {
    good: () => get(`/v1/jobs/${job}/report`, { accept: 'text/html' }),
    status: 200,
    check: ({ text }) => expect(text).toMatch(/<!doctype html>[\s\S]*smaller[\s\S]*Layers/),
    bad: () => get(`/v1/jobs/${job}/report`, { accept: 'image/png' }),
    refusal: [406, 'not_acceptable'],
  },
  jobs_artifacts: {
    good: () => get(`/v1/jobs/${job}/artifacts`),
    status: 200,
    check: ({ json }) =>
      expect((json['data'] as { kind: string }[]).map(({ kind }) => kind)).toEqual([
        'model',
        'report',
        'log',
      ]),
    bad: () => get(`/v1/jobs/${missing('job')}/artifacts`),
    refusal: notFound,
  },
  artifacts_get: {
    good: () => get(`/v1/artifacts/${artifact}`),
    status: 200,
    bad: () => get(`/v1/artifacts/${missing('artifact')}`),
    refusal: notFound,
  },
  artifacts_content: {
    good: () => get(`/v1/artifacts/${artifact}/content`),
    status: 200,
    check: ({ headers }) =>
      expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+"$/),
    bad: () => get(`/v1/artifacts/${missing('artifact')}/content`),
    refusal: notFound,
  },
  webhooks_default_secret: {
    good: () => get('/v1/webhooks/default/secret'),
    status: 200,
    check: ({ json }) => expect(json['secret']).toMatch(/^whsec_/),
    bad: () => call(service.url, 'PUT', '/v1/webhooks/default/secret'),
    refusal: [405, 'method_not_allowed'],
  },
  webhooks_rotate_default_secret: {
    good: () => post('/v1/webhooks/default/secret/rotate'),
    status: 200,
    check: ({ json }) => expect(json['previous_secret']).not.toBe(json['secret']),
    bad: () => get('/v1/webhooks/default/secret/rotate'),
    refusal: [405, 'method_not_allowed'],
  },
  methods_list: {
    good: () => get('/v1/methods'),
    status: 200,
    check: ({ json }) =>
      expect((json['data'] as { method: string }[]).map(({ method }) => method)).toEqual([
        null,
        'static',
        'dynamic',
        'float16',
      ]),
    bad: () => get('/v1/methods?x=1'),
    refusal: [400, 'unknown_field'],
  },
  health_get: {
    good: () => get('/healthz'),
    status: 200,
    bad: () => post('/healthz'),
    refusal: [405, 'method_not_allowed'],
  },
  ready_get: {
    good: () => get('/readyz'),
    status: 200,
    bad: () => post('/readyz'),
    refusal: [405, 'method_not_allowed'],
  },
  metrics_get: {
    good: () => get('/metrics'),
    status: 200,
    check: ({ text }) => expect(text).toMatch(/tersor_jobs\{status="succeeded"\} 1/),
    bad: () => post('/metrics'),
    refusal: [405, 'method_not_allowed'],
  },
  openapi_yaml_get: {
    good: () => get('/openapi.yaml'),
    status: 200,
    bad: () => post('/openapi.yaml'),
    refusal: [405, 'method_not_allowed'],
  },
  openapi_json_get: {
    good: () => get('/openapi.json'),
    status: 200,
    check: ({ json }) => expect(json['openapi']).toBe('3.1.0'),
    bad: () => post('/openapi.json'),
    refusal: [405, 'method_not_allowed'],
  },
  docs_get: {
    good: () => get('/docs'),
    status: 200,
    bad: () => post('/docs'),
    refusal: [405, 'method_not_allowed'],
  },
}

test('there is a case for every endpoint', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(
    ROUTES.map(({ operationId }) => operationId).toSorted(),
  )
})

describe.each(Object.entries(CASES))('%s', (_, { good, status, check, bad, refusal }) => {
  test('answers', async () => {
    const reply = await good()
    expect(reply.status, reply.text).toBe(status)
    expect(reply.headers.get('request-id')).toMatch(/^request_/)
    check?.(reply)
  })

  test(`refuses with ${refusal[1]}`, async () => {
    const reply = await bad()
    expect([reply.status, reply.json['code']]).toEqual(refusal)
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect(reply.json).toMatchObject({
      status: refusal[0],
      request_id: reply.headers.get('request-id'),
    })
    if (refusal[0] === 405) expect(reply.headers.get('allow')).not.toBeNull()
  })
})
