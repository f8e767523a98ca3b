import { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import { imagePreprocess } from '#src/recipes/image-preprocess'
import { createDataset } from '#src/services/datasets'
import { parseInput } from '../../parse-input.ts'
import { dataset, datasetBody } from '../../representations/dataset.ts'
import { route } from '../../route.ts'
import { checkDeclaredLength, declaredSha256 } from '../../upload-headers.ts'
import { uploadName } from '../upload-name.ts'

export const createDatasetRoute = route({
  method: 'POST',
  path: '/v1/datasets',
  operationId: 'datasets_create',
  tag: 'datasets',
  summary:
    'Upload a dataset: npz, safetensors, or a zip of pictures; the first axis counts samples',
  access: 'write',
  params: z.object({}),
  query: z.strictObject({
    name: uploadName,
    format: z.enum(['npz', 'safetensors', 'images']),
    preprocess: z.string().max(4096).optional().describe('For images: an ImagePreprocess as JSON.'),
  }),
  body: {
    kind: 'binary',
    mediaTypes: ['application/octet-stream', 'application/zip'],
    description: 'The file',
  },
  idempotent: true,
  responses: { 201: { description: 'The dataset', content: dataset } },
  errors: [
    'empty_file',
    'payload_too_large',
    'checksum_mismatch',
    'dataset_invalid',
    'dataset_unusable',
    'archive_invalid',
  ],
  handle: async ({ query, stream, tenant, request, context }) => {
    checkDeclaredLength(request, context.config.maxDatasetBytes)
    if (query.preprocess !== undefined && query.format !== 'images') {
      throw new TersorError('invalid_parameter', 'preprocess belongs to the format images')
    }
    const record = await createDataset(context.service, tenant, {
      name: query.name ?? '',
      metadata: {},
      format: query.format,
      preprocess: query.format === 'images' ? parsePreprocess(query.preprocess) : null,
      body: stream,
      expectedSha256: declaredSha256(request),
    })
    return {
      status: 201,
      headers: { location: `/v1/datasets/${record.id}` },
      body: datasetBody(record),
    }
  },
})

function parsePreprocess(text: string | undefined) {
  let value: unknown
  try {
    value = JSON.parse(text ?? '{}')
  } catch {
    throw new TersorError(
      'invalid_parameter',
      'preprocess must be JSON, such as {"resize":256,"crop":224}',
    )
  }
  return parseInput(imagePreprocess, value, 'body')
}
