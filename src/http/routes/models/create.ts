import { z } from 'zod'
import type { ModelRecord } from '#src/domain/records'
import { metadata } from '#src/recipes/job-spec'
import { createModel } from '#src/services/models'
import { JSON_PARAMETER_LENGTH, jsonParameter } from '../../json-parameter.ts'
import { model, modelBody } from '../../representations/model.ts'
import { newModel } from '../../representations/new-inputs.ts'
import type { Answer } from '../../route.ts'
import { route } from '../../route.ts'
import { checkDeclaredLength, declaredSha256 } from '../../upload-headers.ts'
import { refuseParameters } from '../refuse-parameters.ts'
import { uploadName } from '../upload-name.ts'

export const createModelRoute = route({
  method: 'POST',
  path: '/v1/models',
  operationId: 'models_create',
  tag: 'models',
  summary:
    'Upload a model: one ONNX file, or a zip of it and its external data; or make it of an upload by parts',
  access: 'write',
  params: z.object({}),
  query: z.strictObject({
    name: uploadName,
    metadata: z
      .string()
      .max(JSON_PARAMETER_LENGTH)
      .optional()
      .describe('Metadata as JSON: {"key":"value"}. As name, for bytes only.'),
  }),
  body: {
    kind: 'binary',
    mediaTypes: ['application/octet-stream', 'application/zip'],
    description: 'The file; or, as JSON, what to make of an upload by parts',
    instead: newModel,
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
    'not_found',
    'upload_not_completed',
    'upload_used',
    'upload_expired',
  ],
  handle: async ({ query, instead, stream, mediaType, tenant, request, context, keep }) => {
    if (instead === null) checkDeclaredLength(request, context.config.maxModelBytes)
    else refuseParameters(query)
    const wanted =
      instead === null
        ? ({
            name: query.name ?? '',
            metadata: jsonParameter('metadata', query.metadata ?? '{}', metadata),
            container: mediaType === 'application/zip' ? 'zip' : 'onnx',
            source: { kind: 'request', body: stream, expectedSha256: declaredSha256(request) },
          } as const)
        : ({
            name: instead.name ?? '',
            metadata: instead.metadata,
            container: instead.container ?? 'detect',
            source: { kind: 'upload', id: instead.upload },
          } as const)
    const record = await createModel(context.service, tenant, wanted, (made) => keep(answer(made)))
    return answer(record)
  },
})

function answer(record: ModelRecord): Answer {
  return { status: 201, headers: { location: `/v1/models/${record.id}` }, body: modelBody(record) }
}
