import { z } from 'zod'
import type { UploadRecord } from '#src/domain/records'
import type { ServiceContext } from '#src/services/service-context'
import { createUpload } from '#src/services/uploads/create-upload'
import { viewNewUpload } from '#src/services/uploads/view-upload'
import { newUpload } from '../../representations/new-upload.ts'
import { upload, uploadBody } from '../../representations/upload.ts'
import type { Answer } from '../../route.ts'
import { route } from '../../route.ts'

export const createUploadRoute = route({
  method: 'POST',
  path: '/v1/uploads',
  operationId: 'uploads_create',
  tag: 'uploads',
  summary: 'Begin to upload a file by parts, which may be sent in parallel and again',
  access: 'write',
  params: z.object({}),
  query: z.strictObject({}),
  body: { kind: 'json', schema: newUpload },
  idempotent: true,
  responses: { 201: { description: 'The upload, with a URL for each part', content: upload } },
  errors: ['empty_file', 'payload_too_large', 'too_many_uploads'],
  handle: async ({ body, tenant, context, keep }) => {
    const { service } = context
    const { filename, size_bytes: size, sha256, purpose } = body
    let answer: Answer | null = null
    const wanted = { filename, size, sha256, purpose }
    const record = await createUpload(service, tenant, wanted, async (made) => {
      answer = await answerOf(service, made)
      return await keep(answer)
    })
    return answer ?? (await answerOf(service, record))
  },
})

async function answerOf(service: ServiceContext, record: UploadRecord): Promise<Answer> {
  return {
    status: 201,
    headers: { location: `/v1/uploads/${record.id}`, 'cache-control': 'no-store' },
    body: uploadBody(await viewNewUpload(service, record)),
  }
}
