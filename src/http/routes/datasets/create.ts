import { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import type { DatasetRecord } from '#src/domain/records'
import { imagePreprocess } from '#src/recipes/image-preprocess'
import { metadata } from '#src/recipes/job-spec'
import type { NewDataset } from '#src/services/datasets'
import { createDataset } from '#src/services/datasets'
import { JSON_PARAMETER_LENGTH, jsonParameter } from '../../json-parameter.ts'
import { dataset, datasetBody } from '../../representations/dataset.ts'
import { newDataset } from '../../representations/new-inputs.ts'
import type { Answer } from '../../route.ts'
import { route } from '../../route.ts'
import { checkDeclaredLength, declaredSha256 } from '../../upload-headers.ts'
import { refuseParameters } from '../refuse-parameters.ts'
import { uploadName } from '../upload-name.ts'

const json = z.string().max(JSON_PARAMETER_LENGTH).optional()
const query = z.strictObject({
  name: uploadName,
  format: z
    .enum(['npz', 'safetensors', 'images'])
    .optional()
    .describe('Required with bytes. As all parameters here, for bytes only.'),
  preprocess: json.describe('For images: an ImagePreprocess as JSON.'),
  metadata: json.describe('Metadata as JSON: {"key":"value"}.'),
})

export const createDatasetRoute = route({
  method: 'POST',
  path: '/v1/datasets',
  operationId: 'datasets_create',
  tag: 'datasets',
  summary:
    'Upload a dataset: npz, safetensors, or a zip of pictures, the first axis counting samples; or make it of an upload by parts',
  access: 'write',
  params: z.object({}),
  query,
  body: {
    kind: 'binary',
    mediaTypes: ['application/octet-stream', 'application/zip'],
    description: 'The file; or, as JSON, what to make of an upload by parts',
    instead: newDataset,
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
    'not_found',
    'upload_not_completed',
    'upload_used',
    'upload_expired',
  ],
  handle: async ({ query: given, instead, stream, tenant, request, context, keep }) => {
    let wanted: NewDataset
    if (instead === null) {
      checkDeclaredLength(request, context.config.maxDatasetBytes)
      const expectedSha256 = declaredSha256(request)
      wanted = { ...ofQuery(given), source: { kind: 'request', body: stream, expectedSha256 } }
    } else {
      refuseParameters(given)
      wanted = { ...ofJson(instead), source: { kind: 'upload', id: instead.upload } }
    }
    const record = await createDataset(context.service, tenant, wanted, (made) =>
      keep(answer(made)),
    )
    return answer(record)
  },
})

function answer(record: DatasetRecord): Answer {
  const headers = { location: `/v1/datasets/${record.id}` }
  return { status: 201, headers, body: datasetBody(record) }
}

/** @throws TersorError invalid_parameter, and what is wrong with the JSON of a parameter */
function ofQuery(given: z.infer<typeof query>): Omit<NewDataset, 'source'> {
  if (given.format === undefined) {
    throw new TersorError('invalid_parameter', 'format: must be npz, safetensors or images')
  }
  const preprocess =
    given.preprocess === undefined
      ? undefined
      : jsonParameter('preprocess', given.preprocess, imagePreprocess)
  return {
    name: given.name ?? '',
    metadata: jsonParameter('metadata', given.metadata ?? '{}', metadata),
    format: given.format,
    preprocess: preprocessFor(given.format, preprocess),
  }
}

function ofJson(given: z.infer<typeof newDataset>): Omit<NewDataset, 'source'> {
  return {
    name: given.name ?? '',
    metadata: given.metadata,
    format: given.format,
    preprocess: preprocessFor(given.format, given.preprocess),
  }
}

/** @throws TersorError invalid_parameter */
function preprocessFor(
  format: DatasetRecord['format'],
  given: NewDataset['preprocess'] | undefined,
): NewDataset['preprocess'] {
  if (format === 'images') return given ?? imagePreprocess.parse({})
  if (given === undefined || given === null) return null
  throw new TersorError('invalid_parameter', 'preprocess belongs to the format images')
}
