// Latency of several sessions on the same input, runs interleaved so that load on the machine hits all alike.

import type { RuntimeSession, RuntimeTensor } from '#engine/runtime/runtime'
import { median } from './median.ts'

type Feeds = Readonly<Record<string, RuntimeTensor>>

/** Milliseconds of processor time of this process, which other processes do not take: for sessions of one thread. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Median milliseconds of each, and the median over rounds of first ÷ each. */
export async function interleavedTiming(
  sessions: readonly RuntimeSession[],
  feeds: Feeds,
  budgetMs: number,
  clock: () => number = () => performance.now(),
): Promise<{ milliseconds: number[]; speedups: number[] }> {
  const times: number[][] = sessions.map(() => [])
  const ratios: number[][] = sessions.map(() => [])
  for (const session of sessions) {
    for (let warmup = 0; warmup < 3; warmup += 1) await session.run(feeds)
  }
  const start = performance.now()
  for (let round = 0; round < 15 || performance.now() - start < budgetMs; round += 1) {
    if (round > 400) break
    const row: number[] = []
    for (const session of sessions) {
      const before = clock()
      await session.run(feeds)
      row.push(clock() - before)
    }
    row.forEach((time, index) => {
      times[index]?.push(time)
      ratios[index]?.push((row[0] ?? 0) / time)
    })
  }
  return { milliseconds: times.map(median), speedups: ratios.map(median) }
}
