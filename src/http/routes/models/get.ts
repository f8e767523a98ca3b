import { z } from 'zod'
import { getModel } from '#src/services/models'
import { model, modelBody } from '../../representations/model.ts'
import { route } from '../../route.ts'

export const getModelRoute = route({
  method: 'GET',
  path: '/v1/models/{id}',
  operationId: 'models_get',
  tag: 'models',
  summary: 'Get one of the models',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The model', content: model } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    return { status: 200, body: modelBody(await getModel(context.service, tenant, params.id)) }
  },
})
