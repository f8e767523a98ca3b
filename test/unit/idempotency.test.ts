import { expect, test } from 'vitest'
import {
  admitKeyed,
  answerWrites,
  endKeyed,
  forgetAbandoned,
  forgetKeyed,
} from '#src/services/idempotency'
import { openMemoryRecords } from '#src/adapters/records/memory'

const request = { tenant: 't', method: 'POST', route: '/v1/jobs', key: 'k' }
const answer = { status: 201, headers: { location: '/v1/jobs/1' }, body: '{"id":"1"}' }

let processes = 0

async function keyContext(alive: (id: string) => boolean = () => true) {
  return {
    records: await openMemoryRecords(),
    clock: { now: () => 1000 },
    peers: { id: `api_${(processes += 1)}`, isAlive: alive },
  }
}

test('an answer that was committed with what it tells of survives a crash', async () => {
  const context = await keyContext()
  const first = await admitKeyed(context, request)
  if (first.kind !== 'run') throw new Error('a new key must be admitted')
  await expect(admitKeyed(context, request)).rejects.toMatchObject({ code: 'idempotency_conflict' })
  const writes = answerWrites(context, first, 'print', answer)
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
  const context = await keyContext(() => false)
  const first = await admitKeyed(context, request)
  if (first.kind !== 'run') throw new Error('a new key must be admitted')
  const late = answerWrites(context, first, 'print', answer)
  const second = { ...context, peers: { id: 'another', isAlive: context.peers.isAlive } }
  expect((await admitKeyed(second, request)).kind).toBe('run')
  expect(await context.records.commit(late)).toBe(false)
})

test('a request that seems to have failed is not forgotten when its commit was applied', async () => {
  const context = await keyContext()
  const first = await admitKeyed(context, request)
  if (first.kind !== 'run') throw new Error('a new key must be admitted')
  // Applied, but its answer was lost: the request fails, and its key is given up.
  await context.records.commit(answerWrites(context, first, 'print', answer))
  await forgetKeyed(context, first)
  endKeyed(first)
  expect((await admitKeyed(context, request)).kind).toBe('replay')
})

test('a key that was given up is free at once, and a commit that comes late is refused', async () => {
  const context = await keyContext()
  const first = await admitKeyed(context, request)
  if (first.kind !== 'run') throw new Error('a new key must be admitted')
  await forgetKeyed(context, first)
  endKeyed(first)
  expect((await admitKeyed(context, request)).kind).toBe('run')
  expect(await context.records.commit(answerWrites(context, first, 'print', answer))).toBe(false)
})

test('a key is free when the commit that admitted its request was applied although it failed', async () => {
  const context = await keyContext()
  const { records } = context
  const failing: typeof records = {
    ...records,
    commit: async (writes) => {
      await records.commit(writes)
      throw new Error('no answer')
    },
  }
  await expect(admitKeyed({ ...context, records: failing }, request)).rejects.toThrow('no answer')
  expect((await admitKeyed(context, request)).kind).toBe('run')
})
