// One job over HTTP, from the upload of a model to the bytes of every artifact.

import { matMulModel } from '../service/generated-models.ts'

export interface JobRun {
  readonly id: string
  readonly status: string
  readonly error: unknown
  readonly seconds: number
  /** Kind → size of those whose bytes arrived whole. */
  readonly artifacts: Readonly<Record<string, number>>
}

const ROWS = 256

/** `key`: `none` where the API asks for none. */
export async function runOneJob(url: string, key: string, seed: number): Promise<JobRun> {
  const headers: Record<string, string> = key === 'none' ? {} : { authorization: `Bearer ${key}` }
  const post = async (
    path: string,
    type: string,
    body: string | Uint8Array<ArrayBuffer>,
    prefer = 'wait=0',
  ) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { ...headers, 'content-type': type, prefer },
      body,
    })
    const text = await response.text()
    if (response.status !== 201) throw new Error(`POST ${path}: ${response.status} ${text}`)
    return JSON.parse(text) as { readonly id: string; readonly status: string; error: unknown }
  }
  const model = Buffer.concat([...matMulModel(ROWS, ROWS, seed)])
  const { id } = await post('/v1/models', 'application/octet-stream', model)
  const began = performance.now()
  const spec = { model: id, steps: [{ type: 'quantize', method: 'dynamic' }] }
  const job = await post('/v1/jobs', 'application/json', JSON.stringify(spec), 'wait=60')
  const seconds = (performance.now() - began) / 1000
  const listed = await fetch(`${url}/v1/jobs/${job.id}/artifacts`, { headers })
  const { data } = (await listed.json()) as {
    readonly data: readonly { id: string; kind: string; size_bytes: number }[]
  }
  const artifacts: Record<string, number> = {}
  for (const artifact of data) {
    const content = await fetch(`${url}/v1/artifacts/${artifact.id}/content`, { headers })
    const { byteLength } = await content.arrayBuffer()
    if (byteLength !== artifact.size_bytes) throw new Error(`${artifact.kind} came short`)
    artifacts[artifact.kind] = byteLength
  }
  return { id: job.id, status: job.status, error: job.error, seconds, artifacts }
}
