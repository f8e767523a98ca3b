// Endpoints of the service itself: webhook secrets, methods, health, metrics, documents.

import { expect } from 'vitest'
import type { EndpointCases } from './endpoint-case.ts'

export const OPERATION_CASES: EndpointCases = {
  webhooks_default_secret: {
    good: ({ get }) => get('/v1/webhooks/default/secret'),
    status: 200,
    check: ({ json }) => expect(json['secret']).toMatch(/^whsec_/),
    bad: ({ put }) => put('/v1/webhooks/default/secret'),
    refusal: [405, 'method_not_allowed'],
  },
  webhooks_rotate_default_secret: {
    good: ({ post }) => post('/v1/webhooks/default/secret/rotate'),
    status: 200,
    check: ({ json }) => expect(json['previous_secret']).not.toBe(json['secret']),
    bad: ({ get }) => get('/v1/webhooks/default/secret/rotate'),
    refusal: [405, 'method_not_allowed'],
  },
  methods_list: {
    good: ({ get }) => get('/v1/methods'),
    status: 200,
    check: ({ json }) =>
      expect((json['data'] as { method: string }[]).map(({ method }) => method)).toEqual([
        null,
        'static',
        'dynamic',
        'weight_only',
        'float16',
        'qat',
        'channel',
        'unstructured',
        'n_m',
        null,
        'svd',
      ]),
    bad: ({ get }) => get('/v1/methods?x=1'),
    refusal: [400, 'unknown_field'],
  },
  workers_list: {
    good: ({ get }) => get('/v1/workers?accelerator=cpu'),
    status: 200,
    check: ({ json }) =>
      expect(json['data']).toMatchObject([{ object: 'worker', status: 'active', places: 1 }]),
    bad: ({ get }) => get('/v1/workers?accelerator=abacus'),
    refusal: [422, 'invalid_value'],
  },
  health_get: {
    good: ({ get }) => get('/healthz'),
    status: 200,
    bad: ({ post }) => post('/healthz'),
    refusal: [405, 'method_not_allowed'],
  },
  ready_get: {
    good: ({ get }) => get('/readyz'),
    status: 200,
    bad: ({ post }) => post('/readyz'),
    refusal: [405, 'method_not_allowed'],
  },
  metrics_get: {
    good: ({ get }) => get('/metrics'),
    status: 200,
    check: ({ text }) => expect(text).toMatch(/tersor_jobs\{status="succeeded"\} 1/),
    bad: ({ post }) => post('/metrics'),
    refusal: [405, 'method_not_allowed'],
  },
  openapi_yaml_get: {
    good: ({ get }) => get('/openapi.yaml'),
    status: 200,
    bad: ({ post }) => post('/openapi.yaml'),
    refusal: [405, 'method_not_allowed'],
  },
  openapi_json_get: {
    good: ({ get }) => get('/openapi.json'),
    status: 200,
    check: ({ json }) => expect(json['openapi']).toBe('3.1.0'),
    bad: ({ post }) => post('/openapi.json'),
    refusal: [405, 'method_not_allowed'],
  },
  home_get: {
    good: ({ get }) => get('/'),
    status: 302,
    check: ({ headers }) => expect(headers.get('location')).toBe('/docs'),
    bad: ({ post }) => post('/'),
    refusal: [405, 'method_not_allowed'],
  },
  docs_get: {
    good: ({ get }) => get('/docs'),
    status: 200,
    bad: ({ post }) => post('/docs'),
    refusal: [405, 'method_not_allowed'],
  },
}
