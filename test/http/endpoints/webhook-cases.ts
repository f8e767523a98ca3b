// Endpoints of webhooks and their deliveries. The URL leads nowhere: what is sent is tried in vain.

import { expect } from 'vitest'
import type { EndpointCases } from './endpoint-case.ts'
import { missing, notFound } from './endpoint-case.ts'
import type { EndpointService } from './endpoint-service.ts'

const URL = 'https://receiver.invalid/hook'

const made = async ({ post }: EndpointService, more: object = {}): Promise<string> =>
  String((await post('/v1/webhooks', { url: URL, ...more })).json['id'])

const disabled = async (service: EndpointService): Promise<string> => {
  const id = await made(service)
  await service.patch(`/v1/webhooks/${id}`, { status: 'disabled' })
  return id
}

const pinged = async (service: EndpointService): Promise<string> => {
  const { json } = await service.post(`/v1/webhooks/${await made(service)}/test`)
  return String(json['id'])
}

export const WEBHOOK_CASES: EndpointCases = {
  webhooks_create: {
    good: ({ post }) =>
      post('/v1/webhooks', { url: URL, events: ['job.failed'], metadata: { team: 'one' } }),
    status: 201,
    check: ({ json, headers }) => {
      expect(headers.get('location')).toBe(`/v1/webhooks/${String(json['id'])}`)
      expect(json['secret']).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
      expect(json).toMatchObject({
        object: 'webhook',
        url: URL,
        events: ['job.failed'],
        status: 'enabled',
        disabled_reason: null,
        metadata: { team: 'one' },
      })
    },
    bad: ({ post }) => post('/v1/webhooks', { url: 'https://127.0.0.1/' }),
    refusal: [422, 'webhook_url_forbidden'],
  },
  webhooks_list: {
    good: async (service) => {
      await made(service)
      return service.get('/v1/webhooks?limit=1&status=enabled')
    },
    status: 200,
    check: ({ json, text }) => {
      expect(json).toMatchObject({ object: 'list', data: [{ object: 'webhook', url: URL }] })
      expect(text).not.toContain('whsec_')
    },
    bad: ({ get }) => get('/v1/webhooks?status=sleepy'),
    refusal: [422, 'invalid_value'],
  },
  webhooks_get: {
    good: async (service) => service.get(`/v1/webhooks/${await made(service)}`),
    status: 200,
    check: ({ text }) => expect(text).not.toContain('whsec_'),
    bad: ({ get }) => get(`/v1/webhooks/${missing('webhook')}`),
    refusal: notFound,
  },
  webhooks_update: {
    good: async (service) =>
      service.patch(`/v1/webhooks/${await made(service, { description: 'before' })}`, {
        events: ['job.queued', 'job.queued'],
        status: 'disabled',
      }),
    status: 200,
    check: ({ json }) =>
      expect(json).toMatchObject({
        events: ['job.queued'],
        description: 'before',
        metadata: {},
        status: 'disabled',
        disabled_reason: 'requested',
      }),
    bad: async (service) =>
      service.patch(`/v1/webhooks/${await made(service)}`, { secret: 'whsec_x' }),
    refusal: [400, 'unknown_field'],
  },
  webhooks_delete: {
    good: async (service) => service.del(`/v1/webhooks/${await made(service)}`),
    status: 204,
    bad: ({ del }) => del(`/v1/webhooks/${missing('webhook')}`),
    refusal: notFound,
  },
  webhooks_test: {
    good: async (service) => service.post(`/v1/webhooks/${await made(service)}/test`),
    status: 201,
    check: ({ json, headers }) => {
      expect(headers.get('location')).toBe(`/v1/deliveries/${String(json['id'])}`)
      expect(json).toMatchObject({ type: 'ping', job: null, payload: { type: 'ping' } })
    },
    bad: async (service) => service.post(`/v1/webhooks/${await disabled(service)}/test`),
    refusal: [409, 'webhook_disabled'],
  },
  webhooks_secret: {
    good: async (service) => service.get(`/v1/webhooks/${await made(service)}/secret`),
    status: 200,
    check: ({ json }) => {
      expect(json['secret']).toMatch(/^whsec_/)
      expect(json).toMatchObject({ previous_secret: null, previous_expires_at: null })
    },
    bad: ({ get }) => get(`/v1/webhooks/${missing('webhook')}/secret`),
    refusal: notFound,
  },
  webhooks_rotate_secret: {
    good: async (service) => service.post(`/v1/webhooks/${await made(service)}/rotate`),
    status: 200,
    check: ({ json }) => {
      expect(json['previous_secret']).not.toBe(json['secret'])
      const overlap = Date.parse(String(json['previous_expires_at'])) - Date.now()
      expect(overlap / 3_600_000).toBeCloseTo(24, 1)
    },
    bad: async (service) =>
      service.post(`/v1/webhooks/${await made(service)}/rotate`, { overlap_seconds: -1 }),
    refusal: [422, 'out_of_range'],
  },
  webhooks_deliveries: {
    good: async (service) => {
      const id = await made(service)
      await service.post(`/v1/webhooks/${id}/test`)
      return service.get(`/v1/webhooks/${id}/deliveries`)
    },
    status: 200,
    check: ({ json, text }) => {
      expect(json).toMatchObject({ object: 'list', has_more: false, data: [{ type: 'ping' }] })
      expect(text).not.toContain('whsec_')
    },
    bad: ({ get }) => get(`/v1/webhooks/${missing('webhook')}/deliveries`),
    refusal: notFound,
  },
  deliveries_list: {
    good: async (service) => {
      await pinged(service)
      return service.get('/v1/deliveries?limit=1')
    },
    status: 200,
    check: ({ json }) => expect(json).toMatchObject({ data: [{ object: 'delivery' }] }),
    bad: ({ get }) => get('/v1/deliveries?after=model_1'),
    refusal: [400, 'invalid_cursor'],
  },
  deliveries_get: {
    good: async (service) => service.get(`/v1/deliveries/${await pinged(service)}`),
    status: 200,
    check: ({ json }) => expect(json).toMatchObject({ object: 'delivery', redelivery_of: null }),
    bad: ({ get }) => get(`/v1/deliveries/${missing('delivery')}`),
    refusal: notFound,
  },
  deliveries_redeliver: {
    good: async (service) => service.post(`/v1/deliveries/${await pinged(service)}/redeliver`),
    status: 201,
    check: ({ json }) => {
      expect(json['redelivery_of']).toMatch(/^delivery_/)
      expect(json).toMatchObject({ status: 'pending', attempts: [] })
    },
    bad: ({ post }) => post(`/v1/deliveries/${missing('delivery')}/redeliver`),
    refusal: notFound,
  },
}
