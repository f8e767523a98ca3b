// Timing of several models side by side: one run of each per round, so that load on the machine hits all alike.

export type TimedRun = () => Promise<unknown>

export interface Timing {
  /** Wall clock, milliseconds. */
  readonly p50: number
  readonly p95: number
  /** User and system time of this process per run, all threads, milliseconds. */
  readonly cpuMilliseconds: number
  readonly runs: number
}

export interface TimingOptions {
  readonly runs: number
  readonly warmUp: number
  /** No further round begins after this long, once MIN_RUNS are done. */
  readonly budgetMilliseconds: number
}

const MIN_RUNS = 5

/** One timing per entry of `models`. The order within a round alternates. */
export async function timeInterleaved(
  models: readonly TimedRun[],
  options: TimingOptions,
): Promise<Timing[]> {
  for (const run of models) {
    for (let round = 0; round < options.warmUp; round += 1) await run()
  }
  const samples = models.map(() => ({ wall: [] as number[], cpu: 0 }))
  const order = models.map((run, index) => ({ run, index }))
  const start = performance.now()
  for (let round = 0; round < options.runs; round += 1) {
    const spent = performance.now() - start
    if (round >= MIN_RUNS && spent > options.budgetMilliseconds) break
    for (const { run, index } of order) {
      const cpuBefore = process.cpuUsage()
      const before = performance.now()
      await run()
      const wall = performance.now() - before
      const cpu = process.cpuUsage(cpuBefore)
      const sample = samples[index]
      if (sample === undefined) continue
      sample.wall.push(wall)
      sample.cpu += (cpu.user + cpu.system) / 1000
    }
    order.reverse()
  }
  return samples.map(({ wall, cpu }) => ({
    p50: quantile(wall, 0.5),
    p95: quantile(wall, 0.95),
    cpuMilliseconds: cpu / wall.length,
    runs: wall.length,
  }))
}

/** With linear interpolation between order statistics. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? NaN
  const high = sorted[Math.ceil(at)] ?? NaN
  return low + (high - low) * (at - Math.floor(at))
}
