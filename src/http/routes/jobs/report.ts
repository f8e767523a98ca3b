import { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import { report } from '#src/domain/report'
import { getJob } from '#src/services/jobs'
import { readReport } from '#src/services/artifacts'
import { reportPage } from '../../pages/report-page.ts'
import { route } from '../../route.ts'

export const jobReportRoute = route({
  method: 'GET',
  path: '/v1/jobs/{id}/report',
  operationId: 'jobs_report',
  tag: 'jobs',
  summary: 'Get the report of a finished job: JSON, or a page when Accept prefers text/html',
  access: 'read',
  params: z.object({ id: z.string() }),
  query: z.strictObject({}),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The report', content: report } },
  errors: ['not_found', 'job_not_finished', 'not_acceptable'],
  handle: async ({ params, tenant, request, context }) => {
    const kind = preferredKind(request.headers.accept ?? '*/*')
    const value = await readReport(context.service, tenant, params.id)
    if (kind === 'json') return { status: 200, body: value }
    const { spec } = await getJob(context.service, tenant, params.id)
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'referrer-policy': 'no-referrer',
    }
    return { status: 200, headers, body: reportPage(value, spec.name) }
  },
})

/** @throws TersorError not_acceptable */
function preferredKind(accept: string): 'json' | 'html' {
  const kinds = accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.trim().split(';')
    const quality = parameters
      .map((text) => /^ *q=([\d.]+)$/.exec(text)?.[1])
      .find((text) => text !== undefined)
    return { type: type.trim().toLowerCase(), quality: Number(quality ?? 1) }
  })
  const best = (types: readonly string[]): number =>
    Math.max(0, ...kinds.filter(({ type }) => types.includes(type)).map(({ quality }) => quality))
  const html = best(['text/html', 'text/*', 'application/xhtml+xml'])
  const json = best(['application/json', 'application/*', '*/*'])
  if (html === 0 && json === 0)
    throw new TersorError('not_acceptable', 'the report is application/json or text/html')
  return html >= json && html > 0 ? 'html' : 'json'
}
