import { z } from 'zod'
import { listArtifacts } from '#src/services/artifacts'
import { artifact, artifactBody } from '../../representations/artifact.ts'
import { listBody, listOf } from '../../representations/list.ts'
import { route } from '../../route.ts'

export const jobArtifactsRoute = route({
  method: 'GET',
  path: '/v1/jobs/{id}/artifacts',
  operationId: 'jobs_artifacts',
  tag: 'jobs',
  summary: 'List what a finished job hands back',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The artifacts', content: listOf(artifact, 'ArtifactList') } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    const found = await listArtifacts(context.service, tenant, params.id)
    return { status: 200, body: listBody(found.map(artifactBody), false) }
  },
})
