import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { openRecoveryBench } from '#test/support/recovery-bench'
import type { RecoveryBench } from '#test/support/recovery-bench'
import { startRedisServer } from '#test/support/servers/redis-server'
import type { RedisServer } from '#test/support/servers/redis-server'
import { startTcpProxy } from '#test/support/tcp-proxy'
import type { TcpProxy } from '#test/support/tcp-proxy'
import { insertLog, logRecord } from '../sample-records.ts'
import { AcknowledgedWrites } from './acknowledged-writes.ts'

const SEED = 20_261_128

let server: RedisServer
let bench: RecoveryBench
let link: TcpProxy

beforeAll(async () => {
  server = await startRedisServer()
})

beforeEach(async () => {
  bench = await openRecoveryBench(server)
  link = await startTcpProxy({ host: server.host, port: server.port, seed: SEED })
})

afterEach(async () => {
  await link.restore()
  await bench.close()
  await link.close()
})

afterAll(() => server.close())

it('works over a slow link', async () => {
  const store = await bench.open({ link })
  link.delay(100)
  expect(await store.commit([insertLog('slow', 'job_1')])).toBe(true)
  expect(await store.get('log', 'slow')).not.toBeNull()
})

it('gives up within seconds on a link that went silent, and comes back when it is whole', async () => {
  const store = await bench.open({ link })
  await store.commit([insertLog('kept', 'job_1')])
  link.silence()
  const began = performance.now()
  await expect(store.get('log', 'kept')).rejects.toMatchObject({ code: 'unavailable' })
  expect(performance.now() - began).toBeLessThan(10_000)
  await sleep(6000)
  await link.restore()
  const kept = await vi.waitFor(() => store.get('log', 'kept'), { timeout: 8000, interval: 100 })
  expect(kept?.version).toBe(1)
})

it(`loses nothing over a link that breaks one chunk in twenty (seed ${SEED})`, async () => {
  const [lossy, sound] = [await bench.open({ link }), await bench.open()]
  const writes = new AcknowledgedWrites()
  onTestFinished(() => writes.stop())
  link.drop(0.05)
  const work = [
    ...['a', 'b'].map((name) => writes.write(lossy, `lossy-${name}`)),
    writes.write(sound, 'sound'),
    writes.read(sound),
  ]
  await sleep(2500)
  await bench.redis.flushall()
  await sleep(2500)
  writes.stop()
  await Promise.all(work)
  await link.restore()
  expect(writes.refused).toBeGreaterThan(0)
  for (const store of [lossy, sound]) {
    await vi.waitFor(() => store.count('log', {}), { timeout: 20_000, interval: 100 })
  }
  await writes.verify(sound)
}, 60_000)

it('takes what a process committed that was cut off while the others recovered', async () => {
  const [away, present] = [await bench.open({ link }), await bench.open()]
  const { put } = bench.objects
  bench.objects.put = async () => {
    throw new Error('the bucket is full')
  }
  await away.commit([insertLog('of-away', 'job_1'), insertLog('changed', 'job_1')])
  await present.commit([insertLog('of-present', 'job_1')])
  link.cut()
  await bench.redis.flushall()
  const found = await vi.waitFor(() => present.get('log', 'of-present'), { timeout: 15_000 })
  expect(found).not.toBeNull()
  expect(await present.commit([insertLog('changed', 'job_2')])).toBe(true)
  await link.restore()
  await vi.waitFor(() => away.get('log', 'of-away'), { timeout: 8000, interval: 100 })
  expect(await present.get('log', 'of-away')).not.toBeNull()
  // What was written since stays, although the other knew an older state.
  expect((await present.get('log', 'changed'))?.record).toEqual(logRecord('changed', 'job_2'))
  bench.objects.put = put
})
