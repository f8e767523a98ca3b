// An upload by parts on the wire.

import { z } from 'zod'
import type { UploadRecord, UploadStatus } from '#src/domain/records'
import { UPLOAD_PURPOSES, UPLOAD_STATUSES } from '#src/domain/records'
import type { ReceivedPart } from '#src/services/uploads/received-parts'
import type { PartView, UploadView } from '#src/services/uploads/view-upload'

const uploadPart = z
  .object({
    part_number: z.int(),
    size_bytes: z.int().describe('Exactly as many bytes must be sent.'),
    url: z
      .string()
      .nullable()
      .describe(
        'Where to PUT the part. A path is one of this API and wants the API key; an absolute URL is presigned and must be sent none. null: there are more parts than URLs in one answer; get the upload again once these have arrived.',
      ),
    expires_at: z.string().nullable().describe('Of the URL; get the upload again for a new one.'),
    received: z
      .object({
        size_bytes: z.int(),
        sha256: z.string().nullable().describe('null where the object store took the part.'),
      })
      .nullable()
      .describe('What has arrived; null while nothing has.'),
  })
  .meta({ id: 'UploadPart' })

export const upload = z
  .object({
    id: z.string(),
    object: z.literal('upload'),
    status: z.enum(UPLOAD_STATUSES),
    filename: z.string(),
    purpose: z.enum(UPLOAD_PURPOSES),
    size_bytes: z.int(),
    sha256: z.string(),
    part_size_bytes: z.int().describe('Of every part but the last.'),
    parts: z.array(uploadPart).describe('Empty unless the upload is pending.'),
    used_by: z.string().nullable().describe('The model or dataset that was made of it.'),
    created_at: z.string(),
    expires_at: z.string(),
    urls: z.object({ self: z.string(), complete: z.string(), cancel: z.string() }),
  })
  .meta({ id: 'Upload' })

export const uploadSummary = upload.omit({ parts: true }).meta({ id: 'UploadSummary' })

export const receivedPart = z
  .object({
    object: z.literal('upload_part'),
    part_number: z.int(),
    size_bytes: z.int(),
    sha256: z.string(),
  })
  .meta({ id: 'ReceivedPart' })

export function uploadBody({ record, status, parts }: UploadView): z.infer<typeof upload> {
  return {
    ...uploadSummaryBody(record, status),
    parts: parts.map((part) => partBody(part, record)),
  }
}

export function uploadSummaryBody(
  record: UploadRecord,
  status: UploadStatus,
): z.infer<typeof uploadSummary> {
  const self = `/v1/uploads/${record.id}`
  return {
    id: record.id,
    object: 'upload',
    status,
    filename: record.filename,
    purpose: record.purpose,
    size_bytes: record.size_bytes,
    sha256: record.sha256,
    part_size_bytes: record.part_size_bytes,
    used_by: record.used_by,
    created_at: record.created_at,
    expires_at: record.expires_at,
    urls: { self, complete: `${self}/complete`, cancel: `${self}/cancel` },
  }
}

function partBody(
  { partNumber, size, target, received }: PartView,
  upload: UploadRecord,
): z.infer<typeof uploadPart> {
  return {
    part_number: partNumber,
    size_bytes: size,
    ...urlOf(target, partNumber, upload),
    received: received === null ? null : { size_bytes: received.size, sha256: received.sha256 },
  }
}

function urlOf(
  target: PartView['target'],
  partNumber: number,
  upload: UploadRecord,
): { url: string | null; expires_at: string | null } {
  if (target === 'later') return { url: null, expires_at: null }
  if (target !== 'api') return { url: target.url, expires_at: target.expiresAt }
  return { url: `/v1/uploads/${upload.id}/parts/${partNumber}`, expires_at: upload.expires_at }
}

export function receivedPartBody(part: ReceivedPart & { readonly sha256: string }): object {
  const { partNumber, size, sha256 } = part
  return { object: 'upload_part', part_number: partNumber, size_bytes: size, sha256 }
}
