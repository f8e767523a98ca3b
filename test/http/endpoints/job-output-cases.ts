// Endpoints of what a job leaves behind: log, report, artifacts.

import { expect } from 'vitest'
import type { EndpointCases } from './endpoint-case.ts'
import { missing, notFound } from './endpoint-case.ts'

export const JOB_OUTPUT_CASES: EndpointCases = {
  jobs_log: {
    good: ({ get, job }) => get(`/v1/jobs/${job}/log?after=0&limit=2`),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({
        object: 'log',
        has_more: true,
        lines: [{ number: 1 }, { number: 2 }],
      }),
    bad: ({ get, job }) => get(`/v1/jobs/${job}/log?after=-1`),
    refusal: [400, 'invalid_parameter'],
  },
  jobs_report: {
    good: ({ get, job }) => get(`/v1/jobs/${job}/report`, { accept: 'text/html' }),
    status: 200,
    check: ({ text }) => expect(text).toMatch(/<!doctype html>[\s\S]*smaller[\s\S]*Layers/),
    bad: ({ get, job }) => get(`/v1/jobs/${job}/report`, { accept: 'image/png' }),
    refusal: [406, 'not_acceptable'],
  },
  jobs_artifacts: {
    good: ({ get, job }) => get(`/v1/jobs/${job}/artifacts`),
    status: 200,
    check: ({ json }) =>
      expect((json['data'] as { kind: string }[]).map(({ kind }) => kind)).toEqual([
        'model',
        'report',
        'log',
      ]),
    bad: ({ get }) => get(`/v1/jobs/${missing('job')}/artifacts`),
    refusal: notFound,
  },
  artifacts_get: {
    good: ({ get, artifact }) => get(`/v1/artifacts/${artifact}`),
    status: 200,
    bad: ({ get }) => get(`/v1/artifacts/${missing('artifact')}`),
    refusal: notFound,
  },
  artifacts_content: {
    good: ({ download, artifact }) => download(`/v1/artifacts/${artifact}/content`),
    status: 200,
    check: ({ headers }) =>
      expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+"$/),
    bad: ({ get }) => get(`/v1/artifacts/${missing('artifact')}/content`),
    refusal: notFound,
  },
}
