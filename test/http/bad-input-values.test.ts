// Values that no field takes, or not this one: each answer says what would be right.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RefusedJob, RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'

let service: RefusingService

beforeAll(async () => {
  service = await startRefusingService()
})
afterAll(() => service.stop())

const spec = (change: object = {}): object => service.spec(change)

const JOBS: readonly RefusedJob[] = [
  [
    'a number beyond its limit and beyond what is exact',
    () =>
      JSON.stringify(
        spec({ steps: [{ type: 'prune', method: 'channel', iterations: 0 }] }),
      ).replace(':0', ':9223372036854775807'),
    422,
    'out_of_range',
    /^\/steps\/0\/iterations: must be at most 20$/,
  ],
  [
    'a number that no number can hold',
    () => JSON.stringify(spec({ priority: 0 })).replace('"priority":0', '"priority":1e400'),
    400,
    'wrong_type',
    /\/priority: must be a(?: whole)? number, not one too large/,
  ],
  [
    'NaN, which Python writes',
    () => JSON.stringify(spec({ priority: 0 })).replace('"priority":0', '"priority":NaN'),
    400,
    'invalid_json',
    /character|NaN and Infinity are no JSON/,
  ],
  [
    'a word or a number, as the wrong word',
    () => spec({ steps: [{ type: 'distill', training: { epochs: '5' } }] }),
    400,
    'wrong_type',
    /\/training\/epochs: must be "auto" or a (?:whole )?number/,
  ],
  [
    'a name with a line break',
    () => spec({ name: 'a\r\nb' }),
    422,
    'invalid_value',
    /\/name: must hold no control characters/,
  ],
  [
    'more time than the service gives',
    () => spec({ timeout_seconds: 100_000 }),
    422,
    'out_of_range',
    /at most 86400 s/,
  ],
]

test.each(JOBS)('%s', async (_, body, status, code, detail) => {
  const reply = await call(service.url, 'POST', '/v1/jobs', body())
  expect([reply.status, reply.json['code']], reply.text).toEqual([status, code])
  expect(reply.json['detail']).toMatch(detail)
})

test('an evaluation without a task asks for agreement', async () => {
  const body = { ...spec({ evaluation: { latency: { runs: 7 } } }), dry_run: true }
  const reply = await call(service.url, 'POST', '/v1/jobs', body)
  expect([reply.status, reply.json['accepted']], reply.text).toEqual([200, true])
})
