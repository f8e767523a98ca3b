// Targets of static quantization with integers that they have no kernels for: refused before anything is queued.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'

let service: RefusingService

beforeAll(async () => {
  service = await startRefusingService()
})
afterAll(() => service.stop())

const step = (change: object): object =>
  service.spec({ steps: [{ type: 'quantize', method: 'static', ...change }] })

describe('targets of static quantization', () => {
  test.each([
    ['xnnpack', 'uint8', 'it takes int8'],
    ['nnapi', 'int8', 'it takes uint8'],
    ['host', 'uint16', 'it takes uint8, int8'],
    ['mnn', 'uint16', 'it takes int8'],
  ])('%s refuses %s', async (target, dtype, detail) => {
    const body = step({ target, activations_dtype: dtype })
    const reply = await call(service.url, 'POST', '/v1/jobs', body)
    expect([reply.status, reply.json['code']], reply.text).toEqual([422, 'invalid_value'])
    const error = { pointer: '/steps/0/activations_dtype', detail: expect.stringContaining(detail) }
    expect(reply.json['errors']).toContainEqual(expect.objectContaining(error))
  })

  test('refuses a target there is not', async () => {
    const reply = await call(service.url, 'POST', '/v1/jobs', step({ target: 'coreml' }))
    expect(reply.json['errors']).toContainEqual(
      expect.objectContaining({ pointer: '/steps/0/target' }),
    )
  })

  test.each([
    ['qnn', 'uint16'],
    ['nnapi', 'auto'],
  ])('plans %s with %s', async (target, dtype) => {
    const body = { ...step({ target, activations_dtype: dtype }), dry_run: true }
    const reply = await call(service.url, 'POST', '/v1/jobs', body)
    const steps = reply.json['steps'] as { accepted: boolean }[]
    expect(
      steps.map(({ accepted }) => accepted),
      reply.text,
    ).toEqual([true])
  })
})
