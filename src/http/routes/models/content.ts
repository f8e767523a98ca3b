import { z } from 'zod'
import { getModel } from '#src/services/models'
import { route } from '../../route.ts'
import { blobResponses, serveBlob } from '../../serve-blob.ts'

export const modelContentRoute = route({
  method: 'GET',
  path: '/v1/models/{id}/content',
  operationId: 'models_content',
  tag: 'models',
  summary: 'Download a model as it was uploaded; Range and If-None-Match are honoured',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: blobResponses(['application/octet-stream', 'application/zip']),
  errors: ['not_found', 'range_not_satisfiable'],
  handle: async ({ params, tenant, request, context }) => {
    const record = await getModel(context.service, tenant, params.id)
    return await serveBlob(context.service, request, {
      sha256: record.sha256,
      size: record.size_bytes,
      filename: `${record.name || record.id}.${record.container}`,
      mediaType: record.container === 'zip' ? 'application/zip' : 'application/octet-stream',
    })
  },
})
