// A model or a dataset that is made of an upload by parts: what a client sends in place of the bytes.

import { z } from 'zod'
import { imagePreprocess } from '#src/recipes/image-preprocess'
import { metadata } from '#src/recipes/job-spec'
import { uploadName } from '../routes/upload-name.ts'

const upload = z.string().max(64).describe('Id of a completed upload, which can be used once.')

export const newModel = z
  .strictObject({
    upload,
    name: uploadName,
    container: z
      .enum(['onnx', 'zip'])
      .optional()
      .describe('zip holds external data too; left out, the first bytes tell.'),
    metadata,
  })
  .meta({ id: 'NewModel' })

export const newDataset = z
  .strictObject({
    upload,
    name: uploadName,
    format: z.enum(['npz', 'safetensors', 'images']),
    preprocess: imagePreprocess.optional().describe('For images.'),
    metadata,
  })
  .meta({ id: 'NewDataset' })
