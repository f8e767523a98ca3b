// Endpoints of uploads by parts.

import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { toyModel } from '#test/support/toy-model'
import type { EndpointCases } from './endpoint-case.ts'
import { missing, notFound } from './endpoint-case.ts'
import type { EndpointService } from './endpoint-service.ts'

const bytes = toyModel()
const newUpload = {
  filename: 'toy.onnx',
  size_bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  purpose: 'model',
}

async function begun({ post }: EndpointService): Promise<string> {
  return String((await post('/v1/uploads', newUpload)).json['id'])
}

async function sent(service: EndpointService): Promise<string> {
  const id = await begun(service)
  expect((await service.put(`/v1/uploads/${id}/parts/1`, bytes)).status).toBe(200)
  return id
}

export const UPLOAD_CASES: EndpointCases = {
  uploads_create: {
    good: ({ post }) => post('/v1/uploads', newUpload),
    status: 201,
    check: ({ json, headers }) => {
      const id = String(json['id'])
      expect(headers.get('location')).toBe(`/v1/uploads/${id}`)
      expect(json).toMatchObject({
        object: 'upload',
        status: 'pending',
        part_size_bytes: 8 * 2 ** 20,
        parts: [{ part_number: 1, size_bytes: bytes.length, received: null }],
      })
      const [part] = json['parts'] as { url: string; expires_at: string }[]
      expect(part!.url).toMatch(/^(?:\/v1\/uploads\/upload_\w+\/parts\/1$|https?:\/\/)/)
      expect(Date.parse(part!.expires_at)).toBeGreaterThan(Date.now())
    },
    bad: ({ post }) => post('/v1/uploads', { ...newUpload, size_bytes: 0 }),
    refusal: [422, 'empty_file'],
  },
  uploads_list: {
    good: async (service) => {
      await begun(service)
      return await service.get('/v1/uploads?limit=1')
    },
    status: 200,
    check: ({ json }) => {
      const [first] = json['data'] as object[]
      expect(first).toMatchObject({ object: 'upload', status: 'pending' })
      expect(first).not.toHaveProperty('parts')
    },
    bad: ({ get }) => get('/v1/uploads?after=model_1'),
    refusal: [400, 'invalid_cursor'],
  },
  uploads_get: {
    good: async (service) => service.get(`/v1/uploads/${await sent(service)}`),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({
        status: 'pending',
        parts: [{ received: { size_bytes: bytes.length, sha256: newUpload.sha256 } }],
      }),
    bad: ({ get }) => get(`/v1/uploads/${missing('upload')}`),
    refusal: notFound,
  },
  uploads_put_part: {
    good: async (service) => service.put(`/v1/uploads/${await begun(service)}/parts/1`, bytes),
    status: 200,
    check: ({ json, headers }) => {
      const { sha256 } = newUpload
      expect(json).toEqual({
        object: 'upload_part',
        part_number: 1,
        size_bytes: bytes.length,
        sha256,
      })
      expect(headers.get('etag')).toBe(`"${sha256}"`)
    },
    bad: async (service) => service.put(`/v1/uploads/${await begun(service)}/parts/1000000`, bytes),
    refusal: notFound,
  },
  uploads_complete: {
    good: async (service) => service.post(`/v1/uploads/${await sent(service)}/complete`),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({ status: 'completed', parts: [], used_by: null }),
    bad: async (service) => service.post(`/v1/uploads/${await begun(service)}/complete`),
    refusal: [409, 'parts_missing'],
  },
  uploads_cancel: {
    good: async (service) => service.post(`/v1/uploads/${await begun(service)}/cancel`),
    status: 200,
    check: ({ json }) => expect(json).toMatchObject({ status: 'canceled', parts: [] }),
    bad: ({ post }) => post(`/v1/uploads/${missing('upload')}/cancel`),
    refusal: notFound,
  },
}
