import { z } from 'zod'
import { docsPage } from '../../pages/docs-page.ts'
import { route } from '../../route.ts'
import { ROUTES } from '../index.ts'

export const docsRoute = route({
  method: 'GET',
  path: '/docs',
  operationId: 'docs_get',
  tag: 'operations',
  summary: 'This API as a page',
  access: 'public',
  params: z.object({}),
  query: z.object({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The page', content: ['text/html'] } },
  errors: [],
  handle: async () => ({
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
    body: docsPage(ROUTES),
  }),
})
