import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newId } from '#src/domain/id'
import { openMemoryRecords } from '#src/adapters/records/memory'
import type { RecordStore } from '#src/ports/record-store'
import { BEAT_MS, DEAD_AFTER_MS, Peers } from '#src/services/peers'

let records: RecordStore
let skew = 0
let errors: 'none' | 'expected' = 'none'

beforeEach(async () => {
  vi.useFakeTimers()
  records = await openMemoryRecords()
  skew = 0
  errors = 'none'
})
afterEach(() => vi.useRealTimers())

function peer(role: 'api' | 'worker', offset = 0): Peers {
  const peers = new Peers({
    records,
    clock: { now: () => Date.now() + offset + skew },
    id: newId(role),
    version: '1',
    sharing: 'shared',
    onError: (error) => {
      if (errors === 'none') throw error
    },
  })
  if (role === 'worker') {
    peers.describeWorker(() => ({
      capabilities: { accelerators: ['cpu'], memory_bytes: 1, revision: 1 },
      places: 1,
      busy: 0,
      draining: false,
    }))
  }
  return peers
}

/** Its process is gone: nothing of it beats any more, its record stays. */
async function kill(peers: Peers): Promise<void> {
  const found = await records.get('process', peers.id)
  await peers.leave()
  await records.commit([{ op: 'insert', collection: 'process', record: found!.record }])
}

test('see each other live, whatever their clocks say', async () => {
  const api = peer('api')
  const worker = peer('worker', 10 * 60_000)
  await api.join()
  await worker.join()
  expect(api.isAlive(worker.id)).toBe(false)
  await vi.advanceTimersByTimeAsync(BEAT_MS)
  expect(api.isAlive(worker.id)).toBe(true)
  skew = -3_600_000
  await vi.advanceTimersByTimeAsync(10 * DEAD_AFTER_MS)
  expect(api.isAlive(worker.id)).toBe(true)
  expect(api.all().map(({ liveness }) => liveness)).toEqual(['alive', 'alive'])
})

test('notice a death within the time told, and a farewell at the next beat', async () => {
  const api = peer('api')
  const killed = peer('worker')
  const leaving = peer('worker')
  for (const one of [api, killed, leaving]) await one.join()
  await vi.advanceTimersByTimeAsync(2 * BEAT_MS)
  await kill(killed)
  await leaving.leave()
  await vi.advanceTimersByTimeAsync(BEAT_MS)
  expect(api.all().map(({ record }) => record.id)).toEqual([api.id, killed.id])
  await vi.advanceTimersByTimeAsync(DEAD_AFTER_MS)
  expect(api.isAlive(killed.id)).toBe(false)
  expect(api.all()[1]).toMatchObject({ liveness: 'lost', record: { id: killed.id } })
})

test('an observer that saw nothing for a while takes nobody for dead', async () => {
  let away = false
  const near = records
  records = {
    ...near,
    list: async (...parameters) => {
      if (away) throw new Error('away')
      return await near.list(...parameters)
    },
  }
  const api = peer('api')
  const worker = peer('worker')
  await api.join()
  await worker.join()
  await vi.advanceTimersByTimeAsync(BEAT_MS)
  errors = 'expected'
  away = true
  await vi.advanceTimersByTimeAsync(10 * DEAD_AFTER_MS)
  await kill(worker)
  away = false
  await vi.advanceTimersByTimeAsync(BEAT_MS)
  expect([api.isAlive(worker.id), api.isSilent(worker.id)]).toEqual([true, false])
  await vi.advanceTimersByTimeAsync(DEAD_AFTER_MS)
  expect([api.isAlive(worker.id), api.isSilent(worker.id)]).toEqual([false, true])
})

test('a worker is seen by who looks as soon as it has told what it offers', async () => {
  const api = peer('api')
  await api.join()
  const worker = peer('worker')
  await worker.join()
  expect(api.all()).toHaveLength(1)
  await api.look()
  expect(api.all()).toMatchObject([{}, { record: { id: worker.id, worker: { places: 1 } } }])
})

test('agree on the worker that sweeps, and on the next when it dies', async () => {
  const api = peer('api')
  const first = peer('worker')
  const second = peer('worker')
  for (const one of [api, first, second]) await one.join()
  await vi.advanceTimersByTimeAsync(2 * BEAT_MS)
  expect([first.isFirstWorker(), second.isFirstWorker()]).toEqual([true, false])
  await kill(first)
  await vi.advanceTimersByTimeAsync(DEAD_AFTER_MS + BEAT_MS)
  expect(second.isFirstWorker()).toBe(true)
})
