// Timing, energy and transfer size on subjects whose figures are known.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEnergyCounter } from '#engine/evaluate/energy'
import { quantile, timeInterleaved } from '#engine/evaluate/latency'
import { concreteShapes, randomFeeds } from '#engine/evaluate/random-feeds'
import { transferSize } from '#engine/evaluate/transfer-size'

const folder = { path: '' }

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-evaluate-'))
})

afterAll(async () => {
  await rm(folder.path, { recursive: true, force: true })
})

/** Processor time: on a busy machine it takes longer, and never less. */
function busy(milliseconds: number): () => Promise<void> {
  return async () => {
    const start = process.cpuUsage()
    const spent = (): number => {
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000
    }
    while (spent() < milliseconds);
  }
}

test('runs take turns and are timed one by one', async () => {
  const order: string[] = []
  const subject = (name: string, milliseconds: number) => async () => {
    order.push(name)
    await busy(milliseconds)()
  }
  const options = { runs: 6, warmUp: 1, budgetMilliseconds: 10_000 }
  const [fast, slow] = await timeInterleaved([subject('fast', 2), subject('slow', 6)], options)
  expect(order.slice(0, 6)).toEqual(['fast', 'slow', 'fast', 'slow', 'slow', 'fast'])
  expect(fast!.runs).toBe(6)
  // A busy machine only adds to a run. Other threads of this process may spend a part of the time.
  expect(fast!.p50).toBeGreaterThanOrEqual(1)
  expect(slow!.p50).toBeGreaterThanOrEqual(3)
  expect(slow!.p95).toBeGreaterThanOrEqual(slow!.p50)
  expect(slow!.cpuMilliseconds).toBeGreaterThan(3)
})

test('the budget ends timing after the fewest runs', async () => {
  const options = { runs: 1000, warmUp: 0, budgetMilliseconds: 1 }
  const [timing] = await timeInterleaved([busy(2)], options)
  expect(timing!.runs).toBe(5)
})

test('quantiles interpolate between neighbours', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
  expect(quantile([1, 2, 3, 4, 5], 0.95)).toBeCloseTo(4.8)
})

test('energy counters are summed over packages and may wrap around', async () => {
  const root = join(folder.path, 'powercap')
  const write = (name: string, file: string, value: number): Promise<void> =>
    writeFile(join(root, name, file), `${value}\n`)
  for (const name of ['intel-rapl:0', 'intel-rapl:1', 'intel-rapl:0:0']) {
    await mkdir(join(root, name), { recursive: true })
    await write(name, 'max_energy_range_uj', 1_000_000)
    await write(name, 'energy_uj', 999_000)
  }
  const counter = await openEnergyCounter(root)
  if ('reason' in counter) throw new Error(counter.reason)
  const used = await counter.measure(async () => {
    await write('intel-rapl:0', 'energy_uj', 4000)
    await write('intel-rapl:1', 'energy_uj', 999_500)
  })
  expect(used).toBe(5000 + 500)
})

test('a machine without counters says so', async () => {
  expect(await openEnergyCounter(join(folder.path, 'none'))).toEqual({
    reason: 'this machine shows no energy counters',
  })
})

test('zeros travel in few bytes, noise in about as many as it has', async () => {
  const zeros = join(folder.path, 'zeros')
  const noise = join(folder.path, 'noise')
  await writeFile(zeros, new Uint8Array(3_000_000))
  let state = 1
  const bytes = Uint8Array.from({ length: 100_000 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
  await writeFile(noise, bytes)
  const small = await transferSize([zeros])
  expect(small).toBeLessThan(3000)
  const large = await transferSize([noise])
  expect(large).toBeGreaterThan(99_000)
  expect(large).toBeLessThan(101_000)
  expect(await transferSize([zeros, noise])).toBe(small + large)
})

test('open axes become the batch, then what the data has, then 1', () => {
  const inputs = [
    { name: 'x', dtype: 'float32' as const, shape: ['n', 3, 'h', null] },
    { name: 'ids', dtype: 'int64' as const, shape: ['n', 's'] },
  ]
  const shapes = concreteShapes(inputs, 4, { x: [1, 3, 8, 9] })!
  expect(shapes['x']!.shape).toEqual([4, 3, 8, 9])
  expect(shapes['ids']!.shape).toEqual([4, 1])
  const feeds = randomFeeds(shapes)
  expect(feeds['x']!.data).toHaveLength(4 * 3 * 8 * 9)
  expect(feeds['ids']!.data).toEqual(new BigInt64Array(4))
  expect(concreteShapes([{ name: 'y', dtype: 'float32', shape: null }], 1)).toBeNull()
})
