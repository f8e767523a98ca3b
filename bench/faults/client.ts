// A client that does what a good client does: it sends again what was not answered, under the same Idempotency-Key.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { History } from './history.ts'

export interface ClientOptions {
  /** Addresses of the APIs, asked anew for each try: one that was killed comes back elsewhere. */
  readonly urls: () => readonly string[]
  readonly apiKey: string
  readonly tenant: string
  readonly history: History
  /** False where the API is open: no key exists. */
  readonly authorized?: boolean
}

export interface Reply {
  readonly status: number
  readonly text: string
}

const TRY_MS = 10_000
const PAUSE_MS = 100
const FINAL: readonly string[] = ['succeeded', 'failed', 'canceled']

export interface JobView {
  readonly id: string
  readonly status: string
  readonly stage: string
  readonly attempt: number
  readonly progress: { readonly message: string }
  readonly error: { readonly code: string; readonly message: string } | null
}

export class FaultClient {
  readonly options: ClientOptions
  #turn = 0

  constructor(options: ClientOptions) {
    this.options = options
  }

  /** One try at the next API. Throws when there is no answer. */
  async once(
    method: string,
    path: string,
    body: object | Uint8Array | null = null,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const urls = this.options.urls()
    if (urls.length === 0) throw new Error('no API runs')
    const url = urls[this.#turn++ % urls.length]!
    const binary = body instanceof Uint8Array
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(this.options.authorized === false
          ? {}
          : { authorization: `Bearer ${this.options.apiKey}` }),
        ...(body === null
          ? {}
          : { 'content-type': binary ? 'application/octet-stream' : 'application/json' }),
        ...headers,
      },
      body: body === null ? null : binary ? new Uint8Array(body) : JSON.stringify(body),
      signal: AbortSignal.timeout(TRY_MS),
    })
    return { status: response.status, text: await response.text() }
  }

  /** Tries until an answer below 500 (and no conflict with its own earlier try) comes, within this time. */
  async persist(
    withinMs: number,
    method: string,
    path: string,
    body: object | Uint8Array | null = null,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const until = performance.now() + withinMs
    let last = 'no answer'
    while (performance.now() < until) {
      const reply = await this.once(method, path, body, headers).catch((error: unknown) => {
        last = String(error)
        return null
      })
      if (reply !== null && reply.status < 500 && reply.status !== 409 && reply.status !== 429) {
        return reply
      }
      if (reply !== null) {
        last = `${reply.status} ${reply.text}`
        this.options.history.refuse(`${method} ${reply.status}`)
      }
      await sleep(PAUSE_MS)
    }
    throw new Error(`${method} ${path}: ${last}`)
  }

  /** Submits until it is accepted; the history knows. Gives the id. */
  async submit(body: object, withinMs = 120_000): Promise<string> {
    const key = randomUUID()
    const reply = await this.persist(withinMs, 'POST', '/v1/jobs', body, {
      'idempotency-key': key,
    })
    if (reply.status !== 201) throw new Error(`POST /v1/jobs: ${reply.status} ${reply.text}`)
    const { id } = JSON.parse(reply.text) as { readonly id: string }
    const { history, tenant } = this.options
    history.accept({ id, key, tenant, acceptedAt: performance.now() })
    return id
  }

  async job(id: string, withinMs = 120_000): Promise<JobView> {
    const reply = await this.persist(withinMs, 'GET', `/v1/jobs/${id}`)
    if (reply.status !== 200) throw new Error(`GET ${id}: ${reply.status} ${reply.text}`)
    const job = JSON.parse(reply.text) as JobView
    if (FINAL.includes(job.status)) this.options.history.end(id, job.status)
    return job
  }

  /** Waits until this holds of the job. */
  async until(
    id: string,
    holds: (job: JobView) => boolean,
    withinMs: number,
    pauseMs = 50,
  ): Promise<JobView> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const job = await this.job(id)
      if (holds(job)) return job
      if (performance.now() > deadline) {
        throw new Error(`${id} is ${job.status} (attempt ${job.attempt}) after ${withinMs} ms`)
      }
      await sleep(pauseMs)
    }
  }

  async list<T>(path: string): Promise<readonly T[]> {
    const reply = await this.persist(30_000, 'GET', path)
    if (reply.status !== 200) throw new Error(`GET ${path}: ${reply.status} ${reply.text}`)
    return (JSON.parse(reply.text) as { readonly data: readonly T[] }).data
  }

  ended(id: string, withinMs: number): Promise<JobView> {
    return this.until(id, ({ status }) => FINAL.includes(status), withinMs)
  }
}
