// The few calls of the API that the kill benchmark makes; a call that the death of the server cut off gives `null`.

import { createHash } from 'node:crypto'

export interface JobView {
  readonly id: string
  readonly status: string
  readonly stage: string
  readonly attempt: number
  readonly error: unknown
}

export interface ArtifactView {
  readonly id: string
  readonly kind: string
  readonly size_bytes: number
  readonly sha256: string
}

interface ListView<T> {
  readonly data: readonly T[]
}

/** Answers 201 only; any other answer is a failure of the benchmark. */
export async function create(
  url: string,
  body: Uint8Array | object,
): Promise<{ readonly id: string } | null> {
  const binary = body instanceof Uint8Array
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': binary ? 'application/octet-stream' : 'application/json' },
    body: binary ? new Uint8Array(body) : JSON.stringify(body),
  }).catch(() => null)
  const text = (await response?.text().catch(() => null)) ?? null
  if (response === null || text === null) return null
  if (response.status !== 201) throw new Error(`POST ${url}: ${response.status} ${text}`)
  return JSON.parse(text) as { readonly id: string }
}

/** `null` when the server died; throws on any answer but 200. */
export async function get<T>(url: string): Promise<T | null> {
  const response = await fetch(url).catch(() => null)
  const text = (await response?.text().catch(() => null)) ?? null
  if (response === null || text === null) return null
  if (response.status !== 200) throw new Error(`GET ${url}: ${response.status} ${text}`)
  return JSON.parse(text) as T
}

export async function must<T>(url: string): Promise<T> {
  const value = await get<T>(url)
  if (value === null) throw new Error(`GET ${url}: no answer`)
  return value
}

export async function list<T>(url: string): Promise<readonly T[]> {
  return (await must<ListView<T>>(url)).data
}

/** Size and SHA-256 of what the URL serves. */
export async function contentOf(url: string): Promise<{ size: number; sha256: string }> {
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`GET ${url}: ${response.status}`)
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { size: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') }
}
