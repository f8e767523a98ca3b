import { z } from 'zod'
import { getUpload } from '#src/services/uploads/view-upload'
import { upload, uploadBody } from '../../representations/upload.ts'
import { route } from '../../route.ts'

export const getUploadRoute = route({
  method: 'GET',
  path: '/v1/uploads/{id}',
  operationId: 'uploads_get',
  tag: 'uploads',
  summary: 'Get one of the uploads: which parts have arrived, and new URLs for the others',
  // Who holds the URLs can write.
  access: 'write',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The upload', content: upload } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    const view = await getUpload(context.service, tenant, params.id)
    return { status: 200, headers: { 'cache-control': 'no-store' }, body: uploadBody(view) }
  },
})
