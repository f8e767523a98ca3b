import { z } from 'zod'
import { getArtifact } from '#src/services/artifacts'
import { artifact, artifactBody } from '../../representations/artifact.ts'
import { route } from '../../route.ts'

export const getArtifactRoute = route({
  method: 'GET',
  path: '/v1/artifacts/{id}',
  operationId: 'artifacts_get',
  tag: 'artifacts',
  summary: 'Get one of the artifacts',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The artifact', content: artifact } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    return {
      status: 200,
      body: artifactBody(await getArtifact(context.service, tenant, params.id)),
    }
  },
})
