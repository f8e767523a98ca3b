import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { RecordStore } from '#src/ports/record-store'
import { xorshift32 } from '#test/support/byte-streams'
import { openRecoveryBench } from '#test/support/recovery-bench'
import type { RecoveryBench } from '#test/support/recovery-bench'
import { startRedisServer } from '#test/support/servers/redis-server'
import type { RedisOptions, RedisServer } from '#test/support/servers/redis-server'
import { insertLog, logRecord } from '../sample-records.ts'
import { AcknowledgedWrites } from './acknowledged-writes.ts'

const SEED = 20_261_127
const KILLS = 2

let server: RedisServer
let bench: RecoveryBench

async function start(options: RedisOptions): Promise<void> {
  server = await startRedisServer(options)
  bench = await openRecoveryBench(server)
}

/** Each process finds out for itself that Redis is whole again. */
async function answering(stores: readonly RecordStore[]): Promise<void> {
  for (const store of stores)
    await vi.waitFor(() => store.count('log', {}), { timeout: 20_000, interval: 100 })
}

afterEach(async () => {
  await bench.close()
  await server.close()
})

describe.each([
  { appendFsync: 'everysec' as const, comesBack: 'with what it had' },
  { appendFsync: 'none' as const, comesBack: 'empty' },
])('Redis comes back $comesBack', ({ appendFsync }) => {
  it(`has all that was acknowledged after ${KILLS} kills under load (seed ${SEED})`, async () => {
    const random = xorshift32(SEED)
    await start({ appendFsync })
    const stores = [await bench.open(), await bench.open()]
    const writes = new AcknowledgedWrites()
    onTestFinished(() => writes.stop())
    const work = [
      ...stores.flatMap((store, process) =>
        ['a', 'b'].map((name) => writes.write(store, `${process}${name}`)),
      ),
      ...stores.map((store) => writes.read(store)),
    ]
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(500 + (random() % 1000))
      await server.kill()
      await sleep(random() % 500)
      await server.start()
      await answering(stores)
    }
    await sleep(500)
    writes.stop()
    await Promise.all(work)
    expect(writes.acknowledged).toBeGreaterThan(200)
    expect(writes.refused).toBeGreaterThan(0)
    await answering(stores)
    for (const store of stores) await writes.verify(store)
  }, 60_000)
})

it('restores what a server lacks that came back with an older state', async () => {
  await start({ appendFsync: 'none' })
  const store = await bench.open()
  await store.commit(['same', 'changed', 'deleted'].map((id) => insertLog(id, 'job_1')))
  await bench.redis.save()
  await store.commit([
    { op: 'update', collection: 'log', record: logRecord('changed', 'job_2'), version: 1 },
    { op: 'delete', collection: 'log', id: 'deleted' },
    insertLog('later', 'job_1'),
  ])
  await vi.waitFor(() => expect(store.journalLag().entries).toBe(0), 15_000)
  await store.close()
  await server.kill()
  await server.start()
  expect(await bench.redis.exists(`${bench.prefix}:r:log:later`)).toBe(0)

  const fresh = await bench.open()
  expect(await fresh.get('log', 'changed')).toEqual({
    record: logRecord('changed', 'job_2'),
    version: 2,
  })
  expect(await fresh.get('log', 'later')).not.toBeNull()
  expect(await fresh.get('log', 'deleted')).toBeNull()
  expect(await fresh.count('log', { job: 'job_1' })).toBe(2)
})

it('fails fast while Redis is away, and says when to come again', async () => {
  await start({ appendFsync: 'everysec' })
  const store = await bench.open()
  await store.commit([insertLog('kept', 'job_1')])
  await server.kill()
  await vi.waitFor(
    async () => {
      const began = performance.now()
      await expect(store.get('log', 'kept')).rejects.toMatchObject({
        code: 'unavailable',
        headers: { 'retry-after': '1' },
      })
      expect(performance.now() - began).toBeLessThan(100)
    },
    { timeout: 10_000, interval: 100 },
  )
  await server.start()
  await vi.waitFor(() => store.get('log', 'kept'), { timeout: 10_000, interval: 100 })
})

describe('Redis has no memory left', () => {
  /** Commits of two records each, until there is no room for both. Returns how many there were. */
  async function fill(store: RecordStore): Promise<number> {
    let stored = 0
    const commit = async (size: number): Promise<never> => {
      for (;;) {
        const first = insertLog(`a-${stored}`, 'job_1', ['x'.repeat(size)])
        await store.commit([first, insertLog(`b-${stored}`, 'job_1')])
        stored += 1
      }
    }
    for (const size of [100_000, 1000, 1]) {
      await expect(commit(size)).rejects.toMatchObject({ code: 'storage_full' })
    }
    expect(stored).toBeGreaterThan(3)
    return stored
  }

  it('says so, changes nothing, and lets records be deleted', async () => {
    await start({ appendFsync: 'none', maxMemory: '8mb' })
    const store = await bench.open()
    const stored = await fill(store)
    expect(await store.count('log', {})).toBe(2 * stored)
    expect(await store.get('log', `b-${stored}`)).toBeNull()
    await store.commit([{ op: 'delete', collection: 'log', id: 'a-0' }])
    await store.commit([{ op: 'delete', collection: 'log', id: 'a-1' }])
    expect(await store.commit([insertLog('small', 'job_1')])).toBe(true)
  })

  it('has all of it after a restart and after a loss', async () => {
    await start({ appendFsync: 'everysec', maxMemory: '8mb' })
    const store = await bench.open()
    const stored = await fill(store)
    const count = (): Promise<number> =>
      vi.waitFor(() => store.count('log', {}), { timeout: 20_000, interval: 100 })
    await server.kill()
    await server.start()
    expect(await count()).toBe(2 * stored)
    await bench.redis.flushall()
    expect(await count()).toBe(2 * stored)
  }, 60_000)
})
