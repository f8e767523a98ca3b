// A service with one model, one data set and one finished job, and the requests that cases make to it.

import { expect } from 'vitest'
import type { Reply } from '#test/support/running-service'
import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'

type SentHeaders = Readonly<Record<string, string>>

export interface EndpointService {
  readonly model: string
  readonly dataset: string
  /** A job that succeeded. */
  readonly job: string
  /** The model that the job made. */
  readonly artifact: string
  readonly get: (path: string, headers?: SentHeaders) => Promise<Reply>
  readonly post: (
    path: string,
    body?: object | Uint8Array | null,
    headers?: SentHeaders,
  ) => Promise<Reply>
  readonly put: (path: string, body?: Uint8Array) => Promise<Reply>
  /** As get, to wherever the answer redirects. */
  readonly download: (path: string, headers?: SentHeaders) => Promise<Reply>
  readonly patch: (path: string, body: object) => Promise<Reply>
  readonly del: (path: string) => Promise<Reply>
  /** The specification of a job that succeeds. */
  readonly newJob: () => object
  readonly stop: () => Promise<void>
}

export async function startEndpointService(): Promise<EndpointService> {
  const service = await startService()
  const { url } = service
  const get: EndpointService['get'] = (path, headers = {}) => call(url, 'GET', path, null, headers)
  const post: EndpointService['post'] = (path, body = null, headers = {}) =>
    call(url, 'POST', path, body, headers)
  const model = String((await post('/v1/models?name=toy', toyModel())).json['id'])
  const dataset = String(
    (await post('/v1/datasets?name=toy&format=npz', toyDataset(64))).json['id'],
  )
  const newJob = () => ({
    model,
    steps: [{ type: 'quantize', method: 'static' }],
    datasets: { calibration: dataset, evaluation: dataset },
    evaluation: { task: 'classification', latency: { runs: 5 } },
  })
  const done = await post('/v1/jobs', newJob(), { prefer: 'wait=25' })
  expect(done.json['status'], done.text).toBe('succeeded')
  const job = String(done.json['id'])
  const { json } = await get(`/v1/jobs/${job}/artifacts`)
  const list = json['data'] as { id: string; kind: string }[]
  return {
    model,
    dataset,
    job,
    artifact: list.find(({ kind }) => kind === 'model')!.id,
    get,
    post,
    put: (path, body) => call(url, 'PUT', path, body ?? null),
    download: async (path, headers = {}) => await followed(await get(path, headers), headers),
    patch: (path, body) => call(url, 'PATCH', path, body),
    del: (path) => call(url, 'DELETE', path),
    newJob,
    stop: () => service.stop(),
  }
}

/** What is at the address of a redirect, with the headers of ours that the store does not send. */
async function followed(reply: Reply, headers: SentHeaders): Promise<Reply> {
  const location = reply.headers.get('location')
  if (reply.status !== 302 || location === null) return reply
  const { origin } = new URL(location)
  const there = await call(origin, 'GET', location.slice(origin.length), null, headers)
  const all = new Headers(there.headers)
  all.set('request-id', reply.headers.get('request-id') ?? '')
  return { ...there, headers: all }
}
