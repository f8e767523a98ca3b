// Deliveries that ended go by age; one that is still tried stays, and its job with it.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { firstIdAt } from '#src/domain/id'
import { DELIVERY_STATUSES } from '#src/domain/webhook'
import { dropExpired } from '#src/services/retention/drop-expired'
import type { ServiceContext } from '#src/services/service-context'
import { openTestContainer } from '#test/support/test-container'
import type { TestContainer } from '#test/support/test-container'
import { delivery, insertDelivery } from '../../contract/sample-records.ts'
import { agedJob, TENANT } from '#test/support/aged-records'

const DAY = 24 * 3600 * 1000
const NOW = Date.parse('2026-03-01T12:00:00Z')
const RULES = {
  keepJobsDays: 7,
  keepArtifactsDays: 0,
  keepInputsDays: 0,
  keepLogsDays: 0,
  keepDeliveriesDays: 30,
}

let container: TestContainer
let context: ServiceContext

beforeEach(async () => {
  container = await openTestContainer()
  context = { ...container.context, clock: { now: () => NOW } }
})
afterEach(() => container.remove())

test('deliveries of every status but pending go after their days', async () => {
  for (const [index, status] of DELIVERY_STATUSES.entries()) {
    const old = delivery(firstIdAt('delivery', NOW - 31 * DAY + index), TENANT, status)
    const young = delivery(firstIdAt('delivery', NOW - 29 * DAY + index), TENANT, status)
    await context.records.commit([insertDelivery(old), insertDelivery(young)])
  }
  expect(await dropExpired(context, RULES)).toMatchObject({
    deliveries: DELIVERY_STATUSES.length - 1,
  })
  expect(await context.records.count('delivery', { status: 'pending' })).toBe(2)
  expect(await context.records.count('delivery', { status: 'failed' })).toBe(1)
  expect(await context.records.count('delivery', { status: 'delivered' })).toBe(1)
})

test('a job stays as long as a delivery that tells of it is tried', async () => {
  const job = agedJob(NOW - 9 * DAY, 'succeeded')
  const pending = {
    ...delivery(firstIdAt('delivery', NOW - 9 * DAY), TENANT, 'pending'),
    job: job.id,
  }
  await context.records.commit([
    { op: 'insert', collection: 'job', record: job },
    insertDelivery(pending),
  ])
  expect(await dropExpired(context, RULES)).toMatchObject({ jobs: 0 })
  const record = { ...pending, status: 'failed' } as const
  await context.records.commit([{ op: 'update', collection: 'delivery', record, version: 1 }])
  expect(await dropExpired(context, RULES)).toMatchObject({ jobs: 1 })
  expect(await context.records.count('delivery', {})).toBe(0)
})
