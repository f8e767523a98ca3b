import { z } from 'zod'
import { getDataset } from '#src/services/datasets'
import { dataset, datasetBody } from '../../representations/dataset.ts'
import { route } from '../../route.ts'

export const getDatasetRoute = route({
  method: 'GET',
  path: '/v1/datasets/{id}',
  operationId: 'datasets_get',
  tag: 'datasets',
  summary: 'Get one of the datasets',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The dataset', content: dataset } },
  errors: ['not_found'],
  handle: async ({ params, tenant, context }) => {
    return { status: 200, body: datasetBody(await getDataset(context.service, tenant, params.id)) }
  },
})
