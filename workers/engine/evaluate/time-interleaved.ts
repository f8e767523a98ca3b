// Times several models in turns, so that whatever else the machine does meets all of them alike.

export interface TimedSubject {
  run(): Promise<unknown>
}

export interface Timing {
  /** Milliseconds of each run, in order. */
  readonly durations: readonly number[]
  /** Processor time of one run, user and system, milliseconds, mean. */
  readonly cpuMs: number
}

export interface TimingOptions {
  readonly runs: number
  /** No new round starts after this long, once `leastRuns` are done. */
  readonly budgetMs: number
  readonly leastRuns: number
}

const WARM_UP_RUNS = 3

/** One timing per subject, in the order given. */
export async function timeInterleaved(
  subjects: readonly TimedSubject[],
  { runs, budgetMs, leastRuns }: TimingOptions,
): Promise<readonly Timing[]> {
  for (let round = 0; round < WARM_UP_RUNS; round += 1)
    for (const subject of subjects) await subject.run()
  const durations = subjects.map((): number[] => [])
  const cpu = subjects.map(() => 0)
  const began = performance.now()
  for (let round = 0; round < runs; round += 1) {
    if (round >= leastRuns && performance.now() - began > budgetMs) break
    for (const [index, subject] of subjects.entries()) {
      const before = process.cpuUsage()
      const start = performance.now()
      await subject.run()
      durations[index]!.push(performance.now() - start)
      const { user, system } = process.cpuUsage(before)
      cpu[index]! += (user + system) / 1000
    }
  }
  return durations.map((of, index) => ({ durations: of, cpuMs: cpu[index]! / of.length }))
}

/** The value below which this share of the values lies (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ??
    Number.NaN
  )
}
