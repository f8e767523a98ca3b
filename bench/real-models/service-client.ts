// The few requests the benchmark makes: upload, submit, await, download.

import type { Report } from '#src/domain/report'

export interface FinishedJob {
  readonly id: string
  readonly status: string
  readonly error: unknown
  /** From sending the job to reading that it is done. */
  readonly wallMs: number
}

export interface ServiceClient {
  uploadModel(name: string, bytes: Uint8Array): Promise<string>
  uploadDataset(name: string, safetensors: Uint8Array): Promise<string>
  /** Resolves in any terminal state. */
  runJob(body: unknown): Promise<FinishedJob>
  report(job: string): Promise<Report>
  /** The compressed model. */
  compressedModel(job: string): Promise<Uint8Array>
}

interface JobBody {
  readonly id: string
  readonly status: string
  readonly error: unknown
}

const TERMINAL = new Set(['succeeded', 'failed', 'canceled'])

export function serviceClient(url: string): ServiceClient {
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(url + path, init)
    if (!response.ok) {
      throw new Error(
        `${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`,
      )
    }
    return response
  }
  const json = async <T>(path: string, init?: RequestInit): Promise<T> =>
    (await (await request(path, init)).json()) as T
  const upload = async (path: string, bytes: Uint8Array): Promise<string> => {
    const headers = { 'content-type': 'application/octet-stream' }
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return (await json<{ id: string }>(path, { method: 'POST', headers, body })).id
  }
  return {
    uploadModel: (name, bytes) => upload(`/v1/models?name=${encodeURIComponent(name)}`, bytes),
    uploadDataset: (name, bytes) =>
      upload(`/v1/datasets?name=${encodeURIComponent(name)}&format=safetensors`, bytes),
    runJob: async (body) => {
      const start = performance.now()
      const headers = { 'content-type': 'application/json', prefer: 'wait=60' }
      let job = await json<JobBody>('/v1/jobs', {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      while (!TERMINAL.has(job.status)) {
        job = await json<JobBody>(`/v1/jobs/${job.id}`, { headers: { prefer: 'wait=60' } })
      }
      const { id, status, error } = job
      return { id, status, error, wallMs: performance.now() - start }
    },
    report: (job) => json<Report>(`/v1/jobs/${job}/report`),
    compressedModel: async (job) => {
      const list = await json<{ data: { id: string; kind: string }[] }>(`/v1/jobs/${job}/artifacts`)
      const found = list.data.find(({ kind }) => kind === 'model')
      if (found === undefined) throw new Error(`job ${job} has no artifact of kind model`)
      const response = await request(`/v1/artifacts/${found.id}/content`)
      return new Uint8Array(await response.arrayBuffer())
    },
  }
}
