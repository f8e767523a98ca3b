// How many times as fast as the first each of several models is, on a host that others use too.

import type { TimedRun } from './latency.ts'
import { quantile } from './latency.ts'

export interface RelativeSpeedOptions {
  /** Threads of each run. One thread is timed by what it computes, not by how long it waits for a processor. */
  readonly threads: number
  readonly rounds: number
  readonly budgetMilliseconds: number
}

/** A timing is of as many runs as take this long together: clocks are coarse. */
const LEAST_MILLISECONDS = 2
const MOST_REPEATS = 200
const MIN_ROUNDS = 5

/**
 * Per round each model runs in turn, the order alternates, and ratios are of the same round. With several threads whoever waits
 * for a processor makes all wait, so the faster rounds count.
 */
export async function relativeSpeeds(
  models: readonly TimedRun[],
  { threads, rounds, budgetMilliseconds }: RelativeSpeedOptions,
): Promise<number[]> {
  const clock = threads === 1 ? processorMilliseconds : () => performance.now()
  const timed = models.map((run) => ({ run, repeats: 1, times: [] as number[] }))
  for (const model of timed) {
    await model.run()
    model.repeats = await repeatsOf(model.run, clock)
  }
  const order = [...timed]
  const start = performance.now()
  for (let round = 0; round < rounds; round += 1) {
    if (round >= MIN_ROUNDS && performance.now() - start > budgetMilliseconds) break
    for (const { run, repeats, times } of order) {
      // The model before had the caches.
      if (repeats > 1) await run()
      const before = clock()
      for (let repeat = 0; repeat < repeats; repeat += 1) await run()
      times.push((clock() - before) / repeats)
    }
    order.reverse()
  }
  const [first] = timed
  return timed.map(({ times }) => {
    const reference = first?.times ?? times
    if (threads > 1) return quantile(reference, 0.1) / quantile(times, 0.1)
    const ratios = times.map((time, round) => (reference[round] ?? time) / time)
    return quantile(ratios, 0.5)
  })
}

/** Doubled until they take long enough: the first runs of small models are several times slower than those behind them. */
async function repeatsOf(run: TimedRun, clock: () => number): Promise<number> {
  for (let repeats = 1; ; repeats *= 2) {
    const before = clock()
    for (let repeat = 0; repeat < repeats; repeat += 1) await run()
    if (repeats >= MOST_REPEATS || clock() - before >= LEAST_MILLISECONDS) return repeats
  }
}

function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
