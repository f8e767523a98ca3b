import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { xorshift32 } from '#test/support/byte-streams'
import { openRecoveryBench } from '#test/support/recovery-bench'
import type { RecoveryBench } from '#test/support/recovery-bench'
import { startRedisServer } from '#test/support/servers/redis-server'
import type { RedisServer } from '#test/support/servers/redis-server'
import { insertLog, logRecord } from '../sample-records.ts'
import { AcknowledgedWrites } from './acknowledged-writes.ts'

const SEED = 20_261_126
const FLUSHES = 6

let server: RedisServer
let bench: RecoveryBench

beforeAll(async () => {
  server = await startRedisServer()
})

beforeEach(async () => {
  bench = await openRecoveryBench(server)
})

afterEach(() => bench.close())

afterAll(() => server.close())

it(`brings back what two processes committed when Redis is emptied ${FLUSHES} times under load (seed ${SEED})`, async () => {
  const random = xorshift32(SEED)
  const stores = [await bench.open(), await bench.open()]
  const idle = await bench.open()
  const writes = new AcknowledgedWrites()
  onTestFinished(() => writes.stop())
  const work = [
    ...stores.flatMap((store, process) =>
      ['a', 'b', 'c'].map((name) => writes.write(store, `${process}${name}`)),
    ),
    ...[...stores, idle].map((store) => writes.read(store)),
  ]
  for (let flush = 0; flush < FLUSHES; flush += 1) {
    await sleep(300 + (random() % 700))
    await bench.redis.flushall()
  }
  await sleep(2000)
  writes.stop()
  const results = await Promise.all(work)
  expect(results.filter((reads) => reads !== undefined && reads < 10)).toEqual([])
  expect(writes.acknowledged).toBeGreaterThan(500)
  for (const store of [...stores, idle]) await writes.verify(store)
})

it('answers for a finished job at once after Redis was emptied, and never that it is missing', async () => {
  const [one, other] = [await bench.open(), await bench.open()]
  await one.commit([insertLog('kept', 'job_1'), insertLog('deleted', 'job_1')])
  await other.commit([{ op: 'delete', collection: 'log', id: 'deleted' }])
  await vi.waitFor(
    async () => expect((await bench.journal.size()).batches).toBeGreaterThan(1),
    15_000,
  )
  await bench.redis.flushall()
  const answers = await Promise.all([one.get('log', 'kept'), other.get('log', 'kept')])
  const kept = { record: logRecord('kept', 'job_1'), version: 1 }
  expect(answers).toEqual([kept, kept])
  expect(await other.get('log', 'deleted')).toBeNull()
  expect(await one.count('log', { job: 'job_1' })).toBe(1)
})

it('refuses with 503 as long as the journal cannot be read, then answers', async () => {
  const store = await bench.open()
  await store.commit([insertLog('kept', 'job_1')])
  const { list } = bench.objects
  bench.objects.list = async () => {
    throw new Error('the bucket is away')
  }
  await bench.redis.flushall()
  await expect(store.get('log', 'kept')).rejects.toMatchObject({ code: 'unavailable' })
  await expect(store.commit([insertLog('new', 'job_1')])).rejects.toMatchObject({
    code: 'unavailable',
    headers: { 'retry-after': '1' },
  })
  bench.objects.list = list
  await vi.waitFor(async () => expect(await store.get('log', 'kept')).not.toBeNull(), 5000)
})

it('brings back what no journal holds yet from the memory of the processes', async () => {
  const [one, other] = [await bench.open(), await bench.open()]
  const { put } = bench.objects
  bench.objects.put = async () => {
    throw new Error('the bucket is full')
  }
  await one.commit([insertLog('of-one', 'job_1')])
  await other.commit([insertLog('of-other', 'job_1')])
  await other.commit([
    { op: 'update', collection: 'log', record: logRecord('of-one', 'job_2'), version: 1 },
  ])
  await bench.redis.flushall()
  expect(await one.get('log', 'of-one')).toEqual({
    record: logRecord('of-one', 'job_2'),
    version: 2,
  })
  expect(await one.get('log', 'of-other')).not.toBeNull()
  expect(one.journalLag().entries + other.journalLag().entries).toBeGreaterThan(1)

  bench.objects.put = put
  await vi.waitFor(
    () => expect(one.journalLag().entries + other.journalLag().entries).toBe(0),
    10_000,
  )
  await Promise.all([one.close(), other.close()])
  await bench.redis.flushall()
  const fresh = await bench.open()
  expect((await fresh.get('log', 'of-one'))?.version).toBe(2)
  expect(await fresh.get('log', 'of-other')).not.toBeNull()
})

it('restores once more when Redis is emptied during the recovery', async () => {
  const store = await bench.open()
  await store.commit([insertLog('kept', 'job_1')])
  await vi.waitFor(
    async () => expect((await bench.journal.size()).batches).toBeGreaterThan(0),
    15_000,
  )
  const { get } = bench.objects
  let flushes = 0
  bench.objects.get = async (name) => {
    if (flushes < 3) {
      flushes += 1
      await bench.redis.flushall()
    }
    return await get(name)
  }
  await bench.redis.flushall()
  await vi.waitFor(async () => expect(await store.get('log', 'kept')).not.toBeNull(), 20_000)
  expect(flushes).toBe(3)
})

it('keeps what a process that died had committed and not journaled', async () => {
  const dying = await bench.open({ gatherMs: { soon: 3_600_000, later: 3_600_000 } })
  await dying.commit([insertLog('left', 'job_1')])
  await dying.commit([insertLog('gone', 'job_1')])
  await dying.commit([{ op: 'delete', collection: 'log', id: 'gone' }])
  dying.die()
  const heir = await bench.open()
  await heir.upkeep.appendStragglers(Number.MAX_SAFE_INTEGER)
  await vi.waitFor(async () => expect((await bench.journal.size()).batches).toBe(1), 15_000)
  await bench.redis.flushall()
  await vi.waitFor(async () => expect(await heir.get('log', 'left')).not.toBeNull(), 5000)
  expect(await heir.get('log', 'gone')).toBeNull()
})

it('marks what the journal holds, so that nothing is handed on twice', async () => {
  const store = await bench.open()
  for (let index = 0; index < 50; index += 1)
    await store.commit([insertLog(`id-${index}`, 'job_1')])
  await vi.waitFor(
    async () => expect(await bench.redis.zcard(`${bench.prefix}:dirty`)).toBe(0),
    15_000,
  )
})
