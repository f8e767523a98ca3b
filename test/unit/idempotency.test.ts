import { expect, test } from 'vitest'
import { answerWrites, admitKeyed, forgetAbandoned } from '#src/services/idempotency'
import { openMemoryRecords } from '#src/adapters/records/memory'

const request = { tenant: 't', method: 'POST', route: '/v1/jobs', key: 'k' }
const answer = { status: 201, headers: { location: '/v1/jobs/1' }, body: '{"id":"1"}' }

async function keyContext(alive: (id: string) => boolean = () => true) {
  return {
    records: await openMemoryRecords(),
    clock: { now: () => 1000 },
    peers: { id: 'api_1', isAlive: alive },
  }
}

test('an answer that was committed with what it tells of survives a crash', async () => {
  const context = await keyContext()
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
  const context = await keyContext()
  await admitKeyed(context, request)
  await forgetAbandoned(context)
  expect((await admitKeyed(context, request)).kind).toBe('run')
})

test('the key of a request whose process died is free, and that process commits nothing under it', async () => {
  const context = await keyContext((id) => id !== 'api_1')
  const first = await admitKeyed(context, request)
  if (first.kind !== 'run') throw new Error('a new key must be admitted')
  const late = await answerWrites(context, first.id, 'print', answer)
  const second = { ...context, peers: { id: 'api_2', isAlive: context.peers.isAlive } }
  expect((await admitKeyed(second, request)).kind).toBe('run')
  expect(await context.records.commit(late)).toBe(false)
})
