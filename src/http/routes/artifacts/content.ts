import { z } from 'zod'
import { getArtifact } from '#src/services/artifacts'
import { route } from '../../route.ts'
import { blobResponses, serveBlob } from '../../serve-blob.ts'

export const artifactContentRoute = route({
  method: 'GET',
  path: '/v1/artifacts/{id}/content',
  operationId: 'artifacts_content',
  tag: 'artifacts',
  summary: 'Download an artifact; Range and If-None-Match are honoured',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: blobResponses(['application/octet-stream']),
  errors: ['not_found', 'range_not_satisfiable'],
  handle: async ({ params, tenant, request, context }) => {
    const record = await getArtifact(context.service, tenant, params.id)
    return await serveBlob(context.service, request, {
      sha256: record.sha256,
      size: record.size_bytes,
      filename: record.filename,
      mediaType: record.media_type,
    })
  },
})
