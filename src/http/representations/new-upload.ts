// What a client sends to begin and to complete an upload by parts.

import { z } from 'zod'
import { UPLOAD_PURPOSES } from '#src/domain/records'
import { requiredName } from '../routes/upload-name.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex')

export const newUpload = z
  .strictObject({
    filename: requiredName.describe('A label; no path is made of it.'),
    size_bytes: z.int().min(0),
    sha256: sha256.describe('Of the whole; what arrives must hash to it.'),
    purpose: z.enum(UPLOAD_PURPOSES),
  })
  .meta({ id: 'NewUpload' })

export const uploadCompletion = z
  .strictObject({
    parts: z
      .array(z.strictObject({ part_number: z.int().min(1), sha256: sha256.optional() }))
      .max(10_000)
      .optional()
      .describe('What was sent, in order, to be compared with what arrived.'),
  })
  .meta({ id: 'UploadCompletion' })
