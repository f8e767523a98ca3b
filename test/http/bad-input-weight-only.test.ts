// Options of weight-only quantization that are wrong, by table: each answer points to the field.

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
  service.spec({ steps: [{ type: 'quantize', method: 'weight_only', ...change }] })

const REFUSED: readonly [name: string, change: object, code: string, pointer: string][] = [
  ['a block of no size there is', { block_size: 48 }, 'invalid_value', '/steps/0/block_size'],
  ['a type there is not', { weights_dtype: 'int2' }, 'invalid_value', '/steps/0/weights_dtype'],
  ['an algorithm there is not', { algorithm: 'gptqq' }, 'invalid_value', '/steps/0/algorithm'],
  ['an unknown format', { format: 'gguf' }, 'invalid_value', '/steps/0/format'],
  ['an option of gptq alone', { act_order: true }, 'invalid_value', '/steps/0/act_order'],
  [
    'a level where there is none',
    { format: 'qdq', accuracy_level: 0 },
    'invalid_value',
    '/steps/0/accuracy_level',
  ],
  [
    'a damping above the mean',
    { algorithm: 'gptq', damping: 2 },
    'out_of_range',
    '/steps/0/damping',
  ],
  [
    'a layer there is not',
    { excluded_layers: ['nope'] },
    'invalid_value',
    '/steps/0/excluded_layers/0',
  ],
  ['an option of another method', { per_channel: true }, 'unknown_field', '/steps/0/per_channel'],
]

describe('weight-only quantization', () => {
  test.each(REFUSED)('refuses %s', async (_, change, code, pointer) => {
    const reply = await call(service.url, 'POST', '/v1/jobs', step(change))
    expect(reply.json['code'], reply.text).toBe(code)
    expect(reply.json['errors']).toContainEqual(expect.objectContaining({ pointer }))
  })

  test.each(['gptq', 'awq'])('refuses %s without data', async (algorithm) => {
    const body = { ...step({ algorithm }), datasets: {} }
    const reply = await call(service.url, 'POST', '/v1/jobs', body)
    expect([reply.status, reply.json['code']], reply.text).toEqual([422, 'dataset_required'])
    expect(reply.json['detail']).toMatch(algorithm)
    const pointer = '/datasets/calibration'
    expect(reply.json['errors']).toContainEqual(expect.objectContaining({ pointer }))
  })

  test.each(['rtn', 'hqq'])('takes %s without data', async (algorithm) => {
    const body = { ...step({ algorithm }), datasets: {} }
    const reply = await call(service.url, 'POST', '/v1/jobs', body)
    expect(reply.status, reply.text).toBe(201)
  })
})
