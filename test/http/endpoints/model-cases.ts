// Endpoints of models.

import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { toyModel } from '#test/support/toy-model'
import type { EndpointCases } from './endpoint-case.ts'
import { missing, notFound } from './endpoint-case.ts'

export const MODEL_CASES: EndpointCases = {
  models_create: {
    good: ({ post }) => post('/v1/models?name=again', toyModel()),
    status: 201,
    check: ({ json, headers }) => {
      expect(headers.get('location')).toBe(`/v1/models/${String(json['id'])}`)
      expect(json['sha256']).toBe(createHash('sha256').update(toyModel()).digest('hex'))
      expect(json['graph']).toMatchObject({
        opset: 17,
        nodes: 6,
        parameters: 7136,
        inputs: [{ name: 'x', shape: ['batch', 3, 8, 8] }],
      })
    },
    bad: ({ post }) => post('/v1/models', Buffer.from('<html>')),
    refusal: [422, 'not_onnx'],
  },
  models_list: {
    good: ({ get }) => get('/v1/models?limit=1'),
    status: 200,
    bad: ({ get }) => get('/v1/models?limit=0'),
    refusal: [400, 'invalid_parameter'],
  },
  models_get: {
    good: ({ get, model }) => get(`/v1/models/${model}`),
    status: 200,
    bad: ({ get }) => get(`/v1/models/${missing('model')}`),
    refusal: notFound,
  },
  models_delete: {
    good: async ({ post, del }) =>
      del(`/v1/models/${String((await post('/v1/models', toyModel())).json['id'])}`),
    status: 204,
    bad: ({ del }) => del(`/v1/models/${missing('model')}`),
    refusal: notFound,
  },
  models_content: {
    good: ({ download, model }) => download(`/v1/models/${model}/content`, { range: 'bytes=0-9' }),
    status: 206,
    check: ({ headers }) =>
      expect(headers.get('content-range')).toBe(`bytes 0-9/${toyModel().length}`),
    bad: ({ get }) => get(`/v1/models/${missing('model')}/content`),
    refusal: notFound,
  },
}
