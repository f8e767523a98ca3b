import { expect, test } from 'vitest'
import { answerWrites, admitKeyed, forgetAbandoned } from '#src/services/idempotency'
import { openMemoryRecords } from '#src/adapters/records/memory'

const request = { tenant: 't', method: 'POST', route: '/v1/jobs', key: 'k' }
const answer = { status: 201, headers: { location: '/v1/jobs/1' }, body: '{"id":"1"}' }

test('an answer that was committed with what it tells of survives a crash', async () => {
  const context = { records: await openMemoryRecords(), clock: { now: () => 1000 } }
  const first = await admitKeyed(context, request)
  if (first.kind !== 'run') throw new Error('a new key must be admitted')
  await expect(admitKeyed(context, request)).rejects.toMatchObject({ code: 'idempotency_conflict' })
  const writes = await answerWrites(context, first.id, 'print', answer)
  expect(await context.records.commit(writes)).toBe(true)
  // The process dies here: nothing else is written, and the next one starts.
  await forgetAbandoned(context)
  expect(await admitKeyed(context, request)).toEqual({
    kind: 'replay',
    fingerprint: 'print',
    answer,
  })
})

test('a request that died before anything was made may be sent again at once', async () => {
  const context = { records: await openMemoryRecords(), clock: { now: () => 1000 } }
  await admitKeyed(context, request)
  await forgetAbandoned(context)
  expect((await admitKeyed(context, request)).kind).toBe('run')
})
