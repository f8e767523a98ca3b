// Endpoints that submit, watch and cancel jobs.

import { expect } from 'vitest'
import type { EndpointCases } from './endpoint-case.ts'
import { missing, notFound } from './endpoint-case.ts'

export const JOB_CASES: EndpointCases = {
  jobs_create: {
    good: ({ post, newJob }) => post('/v1/jobs', { ...newJob(), dry_run: true }),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({
        object: 'job_plan',
        accepted: true,
        steps: [{ type: 'quantize', accepted: true }],
      }),
    bad: ({ post, newJob }) => post('/v1/jobs', { ...newJob(), datasets: {} }),
    refusal: [422, 'dataset_required'],
  },
  jobs_list: {
    good: ({ get }) => get('/v1/jobs?status=succeeded'),
    status: 200,
    check: ({ json }, { job }) =>
      expect(json).toMatchObject({ object: 'list', has_more: false, first_id: job }),
    bad: ({ get }) => get('/v1/jobs?status=done'),
    refusal: [422, 'invalid_value'],
  },
  jobs_get: {
    good: ({ get, job }) => get(`/v1/jobs/${job}`, { prefer: 'wait=1' }),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({
        status: 'succeeded',
        attempt: 1,
        error: null,
        progress: { fraction: 1 },
      }),
    bad: ({ get }) => get(`/v1/jobs/${missing('job')}`),
    refusal: notFound,
  },
  jobs_cancel: {
    good: async ({ get, post, newJob }) => {
      const slow = {
        ...newJob(),
        evaluation: { task: 'classification', latency: { runs: 10_000 } },
      }
      const id = String((await post('/v1/jobs', slow)).json['id'])
      const status = async () => (await get(`/v1/jobs/${id}`)).json['status']
      await expect.poll(status, { timeout: 20_000 }).toBe('running')
      return post(`/v1/jobs/${id}/cancel`)
    },
    status: 202,
    bad: ({ post, job }) => post(`/v1/jobs/${job}/cancel`),
    refusal: [409, 'job_already_finished'],
  },
  jobs_events: {
    good: ({ get, job }) => get(`/v1/jobs/${job}/events`),
    status: 200,
    check: ({ json }) =>
      expect((json['data'] as { type: string }[]).map(({ type }) => type)).toEqual([
        'job.succeeded',
        'job.started',
        'job.queued',
      ]),
    bad: ({ get }) => get(`/v1/jobs/${missing('job')}/events`),
    refusal: notFound,
  },
  jobs_stream: {
    good: ({ get, job }) => get(`/v1/jobs/${job}/stream`),
    status: 200,
    check: ({ text, headers }) => {
      expect(headers.get('content-type')).toBe('text/event-stream')
      expect(headers.get('ratelimit')).not.toBeNull()
      expect(text).toMatch(/^retry: 3000\n\n(id: event_\w+\nevent: job\.\w+\ndata: \{.*\}\n\n){3}$/)
    },
    bad: ({ get }) => get(`/v1/jobs/${missing('job')}/stream`),
    refusal: notFound,
  },
}
