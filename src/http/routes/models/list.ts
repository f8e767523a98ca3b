import { z } from 'zod'
import { listModels } from '#src/services/models'
import { listOf, pageBody, pageQuery, pageRequest } from '../../representations/list.ts'
import { model, modelBody } from '../../representations/model.ts'
import { route } from '../../route.ts'

export const listModelsRoute = route({
  method: 'GET',
  path: '/v1/models',
  operationId: 'models_list',
  tag: 'models',
  summary: 'List models, newest first',
  access: 'read',
  params: z.object({}),
  query: z.strictObject(pageQuery),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'A page of models', content: listOf(model, 'ModelList') } },
  errors: ['invalid_cursor'],
  handle: async ({ query, tenant, context }) => {
    const page = await listModels(context.service, tenant, pageRequest(query))
    return { status: 200, body: pageBody(page, modelBody) }
  },
})
