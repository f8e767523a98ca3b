// An artifact on the wire.

import { z } from 'zod'
import type { ArtifactRecord } from '#src/domain/records'
import { ARTIFACT_KINDS } from '#src/domain/records'

export const artifact = z
  .object({
    id: z.string(),
    object: z.literal('artifact'),
    job: z.string(),
    kind: z.enum(ARTIFACT_KINDS),
    filename: z.string(),
    media_type: z.string(),
    size_bytes: z.int(),
    sha256: z.string(),
    created_at: z.string(),
    urls: z.object({ self: z.string(), content: z.string() }),
  })
  .meta({ id: 'Artifact' })

export function artifactBody({ tenant: _, ...record }: ArtifactRecord) {
  const self = `/v1/artifacts/${record.id}`
  return { object: 'artifact', ...record, urls: { self, content: `${self}/content` } } as const
}
