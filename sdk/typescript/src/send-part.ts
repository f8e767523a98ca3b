// One part to where the upload wants it: to this API with the key, or to a presigned URL without.

import { createHash } from 'node:crypto'
import { TersorApiError } from './api-error.ts'
import type { Problem, Upload } from './index.ts'
import type { RetryOptions } from './retry.ts'
import { HttpStatusError, isTransient, withRetries } from './retry.ts'
import type { UploadApi } from './upload-api.ts'
import { getUpload } from './upload-api.ts'

export interface PartSender {
  send(partNumber: number, bytes: Uint8Array): Promise<void>
}

interface Target {
  readonly url: string
  readonly expiresAt: number
}

/** URLs that end so soon are asked for anew: a part takes its time. */
const MARGIN_MS = 60_000

export function partSender(api: UploadApi, upload: Upload, retry: RetryOptions): PartSender {
  let targets = targetsOf(upload)
  let asking: Promise<void> | null = null
  /** Where the store cannot be reached from here, parts go through the API. */
  let viaApi = false

  async function askAnew(): Promise<void> {
    asking ??= getUpload(api, upload.id, retry)
      .then((now) => {
        targets = targetsOf(now)
      })
      .finally(() => {
        asking = null
      })
    await asking
  }

  async function addressOf(partNumber: number): Promise<string> {
    const own = `/v1/uploads/${upload.id}/parts/${partNumber}`
    if (viaApi) return own
    const known = targets.get(partNumber)
    if (known === undefined || known.expiresAt < Date.now() + MARGIN_MS) await askAnew()
    return targets.get(partNumber)?.url ?? own
  }

  return {
    async send(partNumber, bytes) {
      let url = ''
      const attempt = async (): Promise<void> => {
        url = await addressOf(partNumber)
        try {
          await put(api, url, bytes, retry.signal)
        } catch (error) {
          // The address itself may be the reason, being over: the next try asks for another.
          targets.delete(partNumber)
          throw error
        }
      }
      try {
        await withRetries(retry, attempt)
      } catch (error) {
        const fault = error instanceof HttpStatusError || isTransient(error)
        if (isOurs(url) || !fault || retry.signal?.aborted === true) throw error
        viaApi = true
        await withRetries(retry, attempt)
      }
    },
  }
}

/** A path is one of this API; what is absolute is presigned. */
function isOurs(url: string): boolean {
  return !/^https?:/.test(url)
}

function targetsOf(upload: Upload): Map<number, Target> {
  return new Map(
    upload.parts.flatMap(({ part_number: number, url, expires_at: expires }) =>
      url === null || expires === null ? [] : [[number, { url, expiresAt: Date.parse(expires) }]],
    ),
  )
}

/** The key goes to this API alone: beside a signature it would be refused. */
async function put(
  { baseUrl, apiKey }: UploadApi,
  url: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ours = isOurs(url)
  const response = await fetch(new URL(url, baseUrl), {
    method: 'PUT',
    body: bytes as Uint8Array<ArrayBuffer>,
    ...(ours && { headers: headersOf(bytes, apiKey) }),
    ...(signal !== undefined && { signal }),
  })
  const text = await response.text()
  if (response.ok) return
  if (ours && response.headers.get('content-type') === 'application/problem+json') {
    throw new TersorApiError(JSON.parse(text) as Problem)
  }
  throw new HttpStatusError(response.status, response.headers.get('retry-after'))
}

function headersOf(bytes: Uint8Array, apiKey: string | undefined): Record<string, string> {
  const digest = createHash('sha256').update(bytes).digest('base64')
  return {
    'content-type': 'application/octet-stream',
    'content-digest': `sha-256=:${digest}:`,
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  }
}
