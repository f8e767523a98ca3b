import { z } from 'zod'
import { completeUpload } from '#src/services/uploads/complete-upload'
import { viewUpload } from '#src/services/uploads/view-upload'
import { uploadCompletion } from '../../representations/new-upload.ts'
import { upload, uploadBody } from '../../representations/upload.ts'
import { route } from '../../route.ts'

export const completeUploadRoute = route({
  method: 'POST',
  path: '/v1/uploads/{id}/complete',
  operationId: 'uploads_complete',
  tag: 'uploads',
  summary: 'Put the parts together and check the SHA-256 of the whole; again, the same answer',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'json', schema: uploadCompletion, optional: true },
  idempotent: false,
  responses: {
    200: { description: 'The upload, to make a model or dataset of', content: upload },
  },
  errors: [
    'not_found',
    'parts_missing',
    'part_mismatch',
    'checksum_mismatch',
    'upload_expired',
    'upload_not_pending',
  ],
  handle: async ({ params, body, tenant, context }) => {
    const claimed = body.parts?.map(({ part_number: partNumber, sha256 = null }) => {
      return { partNumber, sha256 }
    })
    const { service } = context
    const record = await completeUpload(service, tenant, params.id, claimed ?? null)
    return { status: 200, body: uploadBody(await viewUpload(service, record)) }
  },
})
