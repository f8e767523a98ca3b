// Endpoints of data sets.

import { expect } from 'vitest'
import { toyDataset } from '#test/support/toy-model'
import type { EndpointCases } from './endpoint-case.ts'
import { missing, notFound } from './endpoint-case.ts'

export const DATASET_CASES: EndpointCases = {
  datasets_create: {
    good: ({ post }) => post('/v1/datasets?format=npz', toyDataset(4)),
    status: 201,
    check: ({ json }) =>
      expect(json).toMatchObject({
        samples: 4,
        fields: [{ name: 'x', dtype: 'float32', shape: [4, 3, 8, 8] }, { name: 'labels' }],
      }),
    bad: ({ post }) => post('/v1/datasets?format=npz', Buffer.from('no archive')),
    refusal: [422, 'archive_invalid'],
  },
  datasets_list: {
    good: ({ get }) => get('/v1/datasets'),
    status: 200,
    bad: ({ get }) => get('/v1/datasets?after=model_1'),
    refusal: [400, 'invalid_cursor'],
  },
  datasets_get: {
    good: ({ get, dataset }) => get(`/v1/datasets/${dataset}`),
    status: 200,
    bad: ({ get }) => get('/v1/datasets/..%2F..%2Fetc'),
    refusal: notFound,
  },
  datasets_delete: {
    good: async ({ post, del }) =>
      del(
        `/v1/datasets/${String((await post('/v1/datasets?format=npz', toyDataset(2))).json['id'])}`,
      ),
    status: 204,
    bad: ({ del }) => del(`/v1/datasets/${missing('dataset')}`),
    refusal: notFound,
  },
}
