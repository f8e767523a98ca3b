// Uploads by parts, made and sent by the services themselves.

import { createHash, randomBytes } from 'node:crypto'
import type { UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '#src/services/service-context'
import { createUpload } from '#src/services/uploads/create-upload'
import { partBytes } from '#src/services/uploads/part-layout'
import { putPart } from '#src/services/uploads/put-part'
import { viewUpload } from '#src/services/uploads/view-upload'

export const TENANT = 'one'
const MIB = 2 ** 20

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

/** Three parts, the last a small one. */
export const threeParts = (): Buffer => randomBytes(16 * MIB + 5)

export async function beginUpload(
  context: ServiceContext,
  bytes: Uint8Array,
  change: Partial<Parameters<typeof createUpload>[2]> = {},
): Promise<UploadRecord> {
  const wanted = {
    filename: 'model.onnx',
    size: bytes.length,
    sha256: sha256(bytes),
    purpose: 'model',
    ...change,
  } as const
  return await createUpload(context, TENANT, wanted, async () => [])
}

export function partOf(bytes: Uint8Array, upload: UploadRecord, number: number): Uint8Array {
  const start = (number - 1) * upload.part_size_bytes
  return bytes.subarray(start, start + partBytes(upload, number))
}

/** To where the upload wants it: its presigned URL, or through the service. */
export async function sendPart(
  context: ServiceContext,
  upload: UploadRecord,
  number: number,
  part: Uint8Array,
): Promise<void> {
  const { parts } = await viewUpload(context, upload)
  const target = parts[number - 1]?.target
  if (target === undefined || target === 'later') throw new Error(`part ${number} has no address`)
  if (target === 'api') return await putThrough(context, upload, number, part)
  const reply = await fetch(target.url, { method: 'PUT', body: part as Uint8Array<ArrayBuffer> })
  if (!reply.ok) throw new Error(`part ${number} was answered ${reply.status}`)
}

export async function putThrough(
  context: ServiceContext,
  upload: UploadRecord,
  partNumber: number,
  part: Uint8Array,
  change: Partial<Parameters<typeof putPart>[3]> = {},
): Promise<void> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < part.length; start += MIB) yield part.subarray(start, start + MIB)
  }
  const sent = { partNumber, body: body(), declaredBytes: null, expectedSha256: null, ...change }
  await putPart(context, TENANT, upload.id, sent)
}

export async function sendAll(
  context: ServiceContext,
  upload: UploadRecord,
  bytes: Uint8Array,
): Promise<void> {
  const count = Math.ceil(bytes.length / upload.part_size_bytes)
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  await Promise.all(
    numbers.map((number) => sendPart(context, upload, number, partOf(bytes, upload, number))),
  )
}

export async function blobKeys(context: ServiceContext): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of context.blobs.keys()) found.push(key)
  return found
}
