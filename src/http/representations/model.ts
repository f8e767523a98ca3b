// A model on the wire.

import { z } from 'zod'
import { graphSummary, modelSupport } from '#src/domain/model-summary'
import type { ModelRecord } from '#src/domain/records'

export const model = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    name: z.string(),
    format: z.literal('onnx'),
    container: z.enum(['onnx', 'zip']).describe('As it was uploaded; zip holds external data too.'),
    size_bytes: z.int(),
    sha256: z.string(),
    created_at: z.string(),
    metadata: z.record(z.string(), z.string()),
    graph: graphSummary,
    support: modelSupport,
  })
  .meta({ id: 'Model' })

export function modelBody(record: ModelRecord): z.infer<typeof model> {
  const { id, name, container, size_bytes, sha256, created_at, metadata, graph, support } = record
  return {
    id,
    object: 'model',
    name,
    format: 'onnx',
    container,
    size_bytes,
    sha256,
    created_at,
    metadata: { ...metadata },
    graph,
    support,
  }
}
