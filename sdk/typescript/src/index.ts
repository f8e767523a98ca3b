// The Tersor API for TypeScript: a client generated from openapi.yaml, and what a script wants on top of it.

import type { Client, Middleware } from 'openapi-fetch'
import createClient from 'openapi-fetch'
import { problemOf, TersorApiError } from './api-error.ts'
import { withRetries } from './retry.ts'
import type { components, paths } from './schema.ts'
import type { UploadFileOptions } from './upload-file.ts'

export type { components, paths } from './schema.ts'
export { TersorApiError } from './api-error.ts'
export type { UploadFileOptions } from './upload-file.ts'
export type Job = components['schemas']['Job']
export type NewJob = components['schemas']['NewJob']
export type Model = components['schemas']['Model']
export type Dataset = components['schemas']['Dataset']
export type Upload = components['schemas']['Upload']
export type NewModel = components['schemas']['NewModel']
export type NewDataset = components['schemas']['NewDataset']
export type Artifact = components['schemas']['Artifact']
export type Report = components['schemas']['Report']
export type Problem = components['schemas']['Problem']

export interface TersorOptions {
  /** Such as `http://127.0.0.1:8080`. */
  readonly baseUrl: string
  /** `tsr_…`; none is needed on a loopback address while no key exists. */
  readonly apiKey?: string
}

export type DatasetFormat = 'npz' | 'safetensors' | 'images'

const WAIT_SECONDS = 30
/** About a minute. */
const WAIT_TRIES = 9
const TERMINAL: readonly Job['status'][] = ['succeeded', 'failed', 'canceled']

export class Tersor {
  /** Every endpoint of the API, typed: `client.GET('/v1/jobs/{id}', …)`. */
  readonly client: Client<paths>
  readonly #options: TersorOptions

  constructor(options: TersorOptions) {
    this.#options = options
    this.client = createClient<paths>({ baseUrl: options.baseUrl })
    this.client.use(authorization(options), problems)
  }

  async uploadModel(
    bytes: Uint8Array,
    name: string,
    type: 'application/octet-stream' | 'application/zip' = 'application/octet-stream',
  ): Promise<Model> {
    const query = new URLSearchParams({ name })
    return (await this.#upload(`/v1/models?${query}`, bytes, type)) as Model
  }

  /** `preprocess` belongs to pictures. */
  async uploadDataset(
    bytes: Uint8Array,
    name: string,
    format: DatasetFormat,
    preprocess?: object,
  ): Promise<Dataset> {
    const query = new URLSearchParams({ name, format })
    if (preprocess !== undefined) query.set('preprocess', JSON.stringify(preprocess))
    return (await this.#upload(
      `/v1/datasets?${query}`,
      bytes,
      'application/octet-stream',
    )) as Dataset
  }

  /**
   * Uploads a file of any size by parts, in Node: several at a time, each again when it fails. After an interruption,
   * `resume` goes on with what is missing. Make a model or dataset of the result.
   */
  async uploadFile(path: string, options: UploadFileOptions): Promise<Upload> {
    const { uploadFile } = await import('./upload-file.ts')
    const { baseUrl, apiKey } = this.#options
    return await uploadFile({ client: this.client, baseUrl, apiKey }, path, options)
  }

  /** Of a completed upload. */
  async createModel(model: NewModel, idempotencyKey: string = crypto.randomUUID()): Promise<Model> {
    const { data } = await this.client.POST('/v1/models', {
      body: model,
      params: { header: { 'Idempotency-Key': idempotencyKey } },
    })
    return data as Model
  }

  /** Of a completed upload. */
  async createDataset(
    dataset: NewDataset,
    idempotencyKey: string = crypto.randomUUID(),
  ): Promise<Dataset> {
    const { data } = await this.client.POST('/v1/datasets', {
      body: dataset,
      params: { header: { 'Idempotency-Key': idempotencyKey } },
    })
    return data as Dataset
  }

  /** `idempotencyKey`: sending the same job with the same key again makes no second one. */
  async createJob(job: NewJob, idempotencyKey: string = crypto.randomUUID()): Promise<Job> {
    const { data } = await this.client.POST('/v1/jobs', {
      body: job,
      params: { header: { 'Idempotency-Key': idempotencyKey } },
    })
    return data as Job
  }

  async getJob(id: string): Promise<Job> {
    const { data } = await this.client.GET('/v1/jobs/{id}', { params: { path: { id } } })
    return data as Job
  }

  /**
   * Resolves with the job once it is terminal, failed or canceled too. `onProgress` sees every answer on the way, `everyMs`
   * apart. A service that does not answer for a while is asked again.
   */
  async waitForJob(id: string, onProgress?: (job: Job) => void, everyMs = 500): Promise<Job> {
    for (;;) {
      const prefer = onProgress === undefined ? { prefer: `wait=${WAIT_SECONDS}` } : {}
      const { data } = await withRetries({ tries: WAIT_TRIES, signal: undefined }, () =>
        this.client.GET('/v1/jobs/{id}', { params: { path: { id } }, headers: prefer }),
      )
      const job = data as Job
      onProgress?.(job)
      if (TERMINAL.includes(job.status)) return job
      if (onProgress !== undefined) await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }

  async cancelJob(id: string): Promise<Job> {
    const { data } = await this.client.POST('/v1/jobs/{id}/cancel', { params: { path: { id } } })
    return data as Job
  }

  async getReport(id: string): Promise<Report> {
    const { data } = await this.client.GET('/v1/jobs/{id}/report', { params: { path: { id } } })
    return data as Report
  }

  async listArtifacts(id: string): Promise<Artifact[]> {
    const { data } = await this.client.GET('/v1/jobs/{id}/artifacts', { params: { path: { id } } })
    return data?.data ?? []
  }

  /** The bytes of an artifact; throws when they are not those the service described. */
  async download(artifact: Artifact): Promise<Uint8Array> {
    const response = await this.#fetch(artifact.urls.content, {})
    const bytes = new Uint8Array(await response.arrayBuffer())
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
    if (digest !== artifact.sha256) throw new Error(`artifact ${artifact.id} arrived damaged`)
    return bytes
  }

  async #upload(path: string, bytes: Uint8Array, type: string): Promise<unknown> {
    const digest = Buffer.from(
      await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>),
    ).toString('base64')
    const headers = { 'content-type': type, 'content-digest': `sha-256=:${digest}:` }
    const response = await this.#fetch(path, {
      method: 'POST',
      headers,
      body: bytes as Uint8Array<ArrayBuffer>,
    })
    return await response.json()
  }

  async #fetch(
    path: string,
    init: RequestInit & { headers?: Record<string, string> },
  ): Promise<Response> {
    const { baseUrl, apiKey } = this.#options
    const headers = {
      ...init.headers,
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    }
    const response = await fetch(new URL(path, baseUrl), { ...init, headers })
    if (!response.ok) throw new TersorApiError(await problemOf(response))
    return response
  }
}

function authorization({ apiKey }: TersorOptions): Middleware {
  return {
    onRequest: ({ request }) => {
      if (apiKey !== undefined) request.headers.set('authorization', `Bearer ${apiKey}`)
      return request
    },
  }
}

const problems: Middleware = {
  onResponse: async ({ response }) => {
    if (response.ok) return
    throw new TersorApiError(await problemOf(response.clone()))
  },
}
