import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { RedisRecovery } from '#src/adapters/records/redis-recovery'
import { openRecoveryBench } from '#test/support/recovery-bench'
import type { RecoveryBench } from '#test/support/recovery-bench'
import { startRedisServer } from '#test/support/servers/redis-server'
import type { RedisServer } from '#test/support/servers/redis-server'
import { journalEntry } from '../sample-journal.ts'
import { insertLog, logRecord } from '../sample-records.ts'
import { AcknowledgedWrites } from './acknowledged-writes.ts'

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

it('comes back from snapshot and journal after compactions and losses under load', async () => {
  const stores = [await bench.open(), await bench.open()]
  const writes = new AcknowledgedWrites()
  onTestFinished(() => writes.stop())
  const compactions = { done: 0 }
  const compact = async (store: (typeof stores)[0]): Promise<void> => {
    while (writes.running) {
      if (await store.upkeep.compact().catch(() => false)) compactions.done += 1
      await sleep(20)
    }
  }
  const work = [
    ...stores.map((store, process) => writes.write(store, String(process))),
    ...stores.map((store) => writes.read(store)),
    // Two at a time, which their lock keeps from happening unless it runs out.
    ...stores.map((store) => compact(store)),
  ]
  for (let flush = 0; flush < 3; flush += 1) {
    await sleep(700)
    await bench.redis.flushall()
    await vi.waitFor(() => stores[0]!.count('log', {}), { timeout: 10_000, interval: 50 })
  }
  await sleep(700)
  writes.stop()
  await Promise.all(work)
  expect(compactions.done).toBeGreaterThan(5)
  await writes.verify(stores[0]!)
  await Promise.all(stores.map((store) => store.close()))
  await bench.redis.flushall()
  await writes.verify(await bench.open())
})

it('keeps deletions in mind: a batch that comes late brings nothing back', async () => {
  const store = await bench.open()
  await store.commit([insertLog('deleted', 'job_1'), insertLog('kept', 'job_1')])
  await store.commit([{ op: 'delete', collection: 'log', id: 'deleted' }])
  await vi.waitFor(() => expect(store.journalLag().entries).toBe(0), 15_000)
  expect(await store.upkeep.compact()).toBe(true)
  expect((await bench.journal.size()).batches).toBe(0)
  await bench.journal.append([journalEntry(1, 'deleted', 'from long ago')])
  await store.close()
  await bench.redis.flushall()
  const fresh = await bench.open()
  expect(await fresh.get('log', 'deleted')).toBeNull()
  expect(await fresh.get('log', 'kept')).not.toBeNull()
})

it('takes no snapshot when Redis was emptied meanwhile', async () => {
  const store = await bench.open()
  await store.commit([insertLog('kept', 'job_1')])
  await vi.waitFor(() => expect(store.journalLag().entries).toBe(0), 15_000)
  const { put } = bench.objects
  bench.objects.put = async (name, body) => {
    if (name.startsWith('part/')) await bench.redis.flushall()
    await put(name, body)
  }
  expect(await store.upkeep.compact().catch(() => false)).toBe(false)
  bench.objects.put = put
  expect(await bench.objects.list('snapshot/')).toEqual([])
  expect(await store.get('log', 'kept')).not.toBeNull()
})

it('takes what a process offers after the recovery it missed, unless it has changed since', async () => {
  const store = await bench.open()
  await store.commit([insertLog('changed', 'job_1'), insertLog('deleted', 'job_1')])
  await store.commit([
    { op: 'update', collection: 'log', record: logRecord('changed', 'job_2'), version: 1 },
    { op: 'delete', collection: 'log', id: 'deleted' },
  ])
  await vi.waitFor(
    async () => expect(await bench.redis.zcard(`${bench.prefix}:dirty`)).toBe(0),
    15_000,
  )
  const sleeper = new RedisRecovery(bench.redis, bench.prefix)
  const late = ['changed', 'deleted', 'lost'].map((id) => ({
    ...journalEntry(7, id, 'late'),
    document: JSON.stringify(logRecord(id, 'job_late')),
  }))
  await sleeper.restore('a round that is over', 'process', late)
  expect((await store.get('log', 'changed'))?.record.job).toBe('job_2')
  expect(await store.get('log', 'deleted')).toBeNull()
  expect((await store.get('log', 'lost'))?.record.job).toBe('job_late')
  expect(await store.count('log', { job: 'job_late' })).toBe(1)
  // It counts as a commit of now, and waits for the journal as such.
  const { value } = await sleeper.unjournaled(Number.MAX_SAFE_INTEGER, 10).next()
  expect(value?.[0]).toMatchObject({ id: 'lost', sequence: await sleeper.lastSequence() })
})
