import { z } from 'zod'
import { listDatasets } from '#src/services/datasets'
import { listOf, pageBody, pageQuery, pageRequest } from '../../representations/list.ts'
import { dataset, datasetBody } from '../../representations/dataset.ts'
import { route } from '../../route.ts'

export const listDatasetsRoute = route({
  method: 'GET',
  path: '/v1/datasets',
  operationId: 'datasets_list',
  tag: 'datasets',
  summary: 'List datasets, newest first',
  access: 'read',
  params: z.object({}),
  query: z.strictObject(pageQuery),
  body: { kind: 'none' },
  idempotent: false,
  responses: {
    200: { description: 'A page of datasets', content: listOf(dataset, 'DatasetList') },
  },
  errors: ['invalid_cursor'],
  handle: async ({ query, tenant, context }) => {
    const page = await listDatasets(context.service, tenant, pageRequest(query))
    return { status: 200, body: pageBody(page, datasetBody) }
  },
})
