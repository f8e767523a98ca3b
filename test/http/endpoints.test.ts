// Every endpoint over HTTP: one answer as hoped for and one refusal, by operation id.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES } from '#src/http/routes/index'
import { DATASET_CASES } from './endpoints/dataset-cases.ts'
import type { EndpointCases } from './endpoints/endpoint-case.ts'
import type { EndpointService } from './endpoints/endpoint-service.ts'
import { startEndpointService } from './endpoints/endpoint-service.ts'
import { JOB_CASES } from './endpoints/job-cases.ts'
import { JOB_OUTPUT_CASES } from './endpoints/job-output-cases.ts'
import { MODEL_CASES } from './endpoints/model-cases.ts'
import { OPERATION_CASES } from './endpoints/operation-cases.ts'
import { UPLOAD_CASES } from './endpoints/upload-cases.ts'
import { WEBHOOK_CASES } from './endpoints/webhook-cases.ts'

const CASES: EndpointCases = {
  ...MODEL_CASES,
  ...DATASET_CASES,
  ...UPLOAD_CASES,
  ...JOB_CASES,
  ...JOB_OUTPUT_CASES,
  ...WEBHOOK_CASES,
  ...OPERATION_CASES,
}

let service: EndpointService

beforeAll(async () => {
  service = await startEndpointService()
})
afterAll(() => service.stop())

test('there is a case for every endpoint', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(
    ROUTES.map(({ operationId }) => operationId).toSorted(),
  )
})

describe.each(Object.entries(CASES))('%s', (_, { good, status, check, bad, refusal }) => {
  test('answers', async () => {
    const reply = await good(service)
    expect(reply.status, reply.text).toBe(status)
    expect(reply.headers.get('request-id')).toMatch(/^request_/)
    check?.(reply, service)
  })

  test(`refuses with ${refusal[1]}`, async () => {
    const reply = await bad(service)
    expect([reply.status, reply.json['code']]).toEqual(refusal)
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect(reply.json).toMatchObject({
      status: refusal[0],
      request_id: reply.headers.get('request-id'),
    })
    if (refusal[0] === 405) expect(reply.headers.get('allow')).not.toBeNull()
  })
})
