import { z } from 'zod'
import { createModel } from '#src/services/models'
import { model, modelBody } from '../../representations/model.ts'
import { route } from '../../route.ts'
import { checkDeclaredLength, declaredSha256 } from '../../upload-headers.ts'
import { uploadName } from '../upload-name.ts'

export const createModelRoute = route({
  method: 'POST',
  path: '/v1/models',
  operationId: 'models_create',
  tag: 'models',
  summary: 'Upload a model: one ONNX file, or a zip of it and its external data',
  access: 'write',
  params: z.object({}),
  query: z.strictObject({ name: uploadName }),
  body: {
    kind: 'binary',
    mediaTypes: ['application/octet-stream', 'application/zip'],
    description: 'The file',
  },
  idempotent: true,
  responses: { 201: { description: 'The model', content: model } },
  errors: [
    'empty_file',
    'payload_too_large',
    'checksum_mismatch',
    'not_onnx',
    'invalid_graph',
    'unsupported_operator',
  ],
  handle: async ({ query, stream, mediaType, tenant, request, context }) => {
    checkDeclaredLength(request, context.config.maxModelBytes)
    const record = await createModel(context.service, tenant, {
      name: query.name ?? '',
      metadata: {},
      container: mediaType === 'application/zip' ? 'zip' : 'onnx',
      body: stream,
      expectedSha256: declaredSha256(request),
    })
    return {
      status: 201,
      headers: { location: `/v1/models/${record.id}` },
      body: modelBody(record),
    }
  },
})
