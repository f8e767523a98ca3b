import { z } from 'zod'
import { cancelUpload } from '#src/services/uploads/cancel-upload'
import { viewUpload } from '#src/services/uploads/view-upload'
import { upload, uploadBody } from '../../representations/upload.ts'
import { route } from '../../route.ts'

export const cancelUploadRoute = route({
  method: 'POST',
  path: '/v1/uploads/{id}/cancel',
  operationId: 'uploads_cancel',
  tag: 'uploads',
  summary: 'Give up an upload that no model or dataset was made of; again, the same answer',
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The upload', content: upload } },
  errors: ['not_found', 'upload_used', 'upload_expired'],
  handle: async ({ params, tenant, context }) => {
    const { service } = context
    const record = await cancelUpload(service, tenant, params.id)
    return { status: 200, body: uploadBody(await viewUpload(service, record)) }
  },
})
