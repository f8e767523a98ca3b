// Data sets that do not fit the model they are to be used with.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { float32Array, makeNpz } from '#test/support/make-npz'
import type { RefusingService } from '#test/support/refusing-service'
import { startRefusingService } from '#test/support/refusing-service'
import { call } from '#test/support/running-service'

let service: RefusingService

beforeAll(async () => {
  service = await startRefusingService()
})
afterAll(() => service.stop())

const spec = (change: object = {}): object => service.spec(change)

describe('datasets', () => {
  const upload = (bytes: Uint8Array) => call(service.url, 'POST', '/v1/datasets?format=npz', bytes)

  test('one that does not fit the model is refused at submission, with both shapes', async () => {
    const other = await upload(makeNpz({ x: float32Array([4, 3, 9, 9], new Float32Array(972)) }))
    const reply = await call(
      service.url,
      'POST',
      '/v1/jobs',
      spec({ datasets: { calibration: other.json['id'] } }),
    )
    expect([reply.status, reply.json['code']]).toEqual([422, 'shape_mismatch'])
    expect(reply.json['detail']).toMatch(/9.*8|8.*9/)
  })

  test('one that lacks an input is refused, naming it', async () => {
    const other = await upload(makeNpz({ z: float32Array([4, 2], new Float32Array(8)) }))
    const reply = await call(
      service.url,
      'POST',
      '/v1/jobs',
      spec({ datasets: { calibration: other.json['id'] } }),
    )
    expect(reply.status).toBe(422)
    expect(reply.json['detail']).toMatch(/'x'/)
  })
})
