import { z } from 'zod'
import { listUploads } from '#src/services/uploads/view-upload'
import { listOf, pageBody, pageQuery, pageRequest } from '../../representations/list.ts'
import { uploadSummary, uploadSummaryBody } from '../../representations/upload.ts'
import { route } from '../../route.ts'

export const listUploadsRoute = route({
  method: 'GET',
  path: '/v1/uploads',
  operationId: 'uploads_list',
  tag: 'uploads',
  summary: 'List uploads by parts, newest first',
  access: 'read',
  params: z.object({}),
  query: z.strictObject(pageQuery),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: { description: 'A page of uploads', content: listOf(uploadSummary, 'UploadList') },
  },
  errors: ['invalid_cursor'],
  handle: async ({ query, tenant, context }) => {
    const page = await listUploads(context.service, tenant, pageRequest(query))
    return {
      status: 200,
      body: pageBody(page, ({ record, status }) => uploadSummaryBody(record, status)),
    }
  },
})
