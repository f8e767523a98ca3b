// Uploads a file by parts: several at a time, each again when it fails, and only what is missing after an interruption.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Upload } from './index.ts'
import type { PartSender } from './send-part.ts'
import { partSender } from './send-part.ts'
import type { RetryOptions } from './retry.ts'
import { withRetries } from './retry.ts'
import type { UploadApi } from './upload-api.ts'
import { getUpload } from './upload-api.ts'

export interface UploadFileOptions {
  readonly purpose: 'model' | 'dataset'
  /** What the upload is called; by default the name of the file. */
  readonly filename?: string
  /** Parts sent at the same time, each held in memory; 4 by default. */
  readonly parallel?: number
  /** Id of an upload of this very file that was interrupted: what has arrived is not sent again. */
  readonly resume?: string
  /** How often each call is tried before it fails; 6 by default, over some 8 seconds. */
  readonly tries?: number
  /** Sees the upload before the first part is sent: its id is what `resume` takes. */
  readonly onBegin?: (upload: Upload) => void
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void
  readonly signal?: AbortSignal
}

const PARALLEL = 4
const TRIES = 6
/** Rounds of sending what is still missing: a part that the store lost is sent once more. */
const ROUNDS = 3

/** Resolves with the completed upload, of which a model or dataset can be made. */
export async function uploadFile(
  api: UploadApi,
  path: string,
  options: UploadFileOptions,
): Promise<Upload> {
  const { signal, tries = TRIES } = options
  const retry: RetryOptions = { tries, signal }
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const sha256 = await hashOf(path, signal)
    let upload = await beginOrResume(api, path, { size, sha256 }, options, retry)
    options.onBegin?.(upload)
    for (let round = 1; upload.status === 'pending'; round += 1) {
      await sendMissing(partSender(api, upload, retry), file, upload, options)
      const { id } = upload
      upload = await withRetries(retry, () => complete(api, id)).catch(async (error: unknown) => {
        if (round >= ROUNDS || codeOf(error) !== 'parts_missing') throw error
        return await getUpload(api, id, retry)
      })
    }
    return upload
  } finally {
    await file.close()
  }
}

async function beginOrResume(
  api: UploadApi,
  path: string,
  { size, sha256 }: { readonly size: number; readonly sha256: string },
  { purpose, filename = basename(path), resume }: UploadFileOptions,
  retry: RetryOptions,
): Promise<Upload> {
  if (resume !== undefined) {
    const upload = await getUpload(api, resume, retry)
    if (upload.sha256 !== sha256 || upload.size_bytes !== size) {
      throw new Error(`upload ${resume} is of another file, or this one has changed`)
    }
    if (upload.status === 'pending' || upload.status === 'completed') return upload
    throw new Error(`upload ${resume} is ${upload.status}: begin a new one`)
  }
  // One key for all tries: an answer that got lost makes no second upload.
  const header = { 'Idempotency-Key': crypto.randomUUID() }
  const body = { filename, size_bytes: size, sha256, purpose }
  const { data } = await withRetries(retry, () =>
    api.client.POST('/v1/uploads', { body, params: { header } }),
  )
  return data as Upload
}

async function sendMissing(
  sender: PartSender,
  file: FileHandle,
  upload: Upload,
  { parallel = PARALLEL, onProgress, signal }: UploadFileOptions,
): Promise<void> {
  const total = upload.size_bytes
  const missing = upload.parts.filter((part) => part.received?.size_bytes !== part.size_bytes)
  let sent = total - missing.reduce((sum, part) => sum + part.size_bytes, 0)
  onProgress?.(sent, total)
  const next = missing.values()
  let failure: { readonly error: unknown } | null = null
  const work = async (): Promise<void> => {
    for (const { part_number: number, size_bytes: size } of next) {
      if (failure !== null) return
      signal?.throwIfAborted()
      const start = (number - 1) * upload.part_size_bytes
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, start)
      if (bytesRead !== size) throw new Error('the file became shorter while it was sent')
      await sender.send(number, buffer)
      sent += size
      onProgress?.(sent, total)
    }
  }
  const workers = Array.from({ length: Math.min(parallel, missing.length) }, () =>
    work().catch((error: unknown) => {
      failure ??= { error }
    }),
  )
  await Promise.all(workers)
  if (failure !== null) throw (failure as { readonly error: unknown }).error
}

async function complete({ client }: UploadApi, id: string): Promise<Upload> {
  const { data } = await client.POST('/v1/uploads/{id}/complete', { params: { path: { id } } })
  return data as Upload
}

async function hashOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  const options = { highWaterMark: 1024 * 1024, ...(signal !== undefined && { signal }) }
  for await (const chunk of createReadStream(path, options)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

function codeOf(error: unknown): string | undefined {
  return (error as { problem?: { code?: string } }).problem?.code
}
