// Schedules of the job state machine, as many as fit; bench/schedules.ts runs a million.

import { expect, test } from 'vitest'
import { runSchedule } from '../../bench/schedules/run-schedule.ts'

const SCHEDULES = 4000
const TIMEOUT_MS = 300_000

test(
  `no invariant breaks in ${SCHEDULES} schedules`,
  async () => {
    const broken: string[] = []
    let jobs = 0
    let deaths = 0
    let checkpoints = 0
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      const result = await runSchedule(seed)
      jobs += result.jobs
      deaths += result.deaths
      checkpoints += result.checkpoints
      if (result.violations.length > 0) broken.push(`${seed}: ${result.violations.join('; ')}`)
    }
    expect(broken).toEqual([])
    expect(jobs).toBeGreaterThan(SCHEDULES)
    expect(deaths).toBeGreaterThan(SCHEDULES / 10)
    expect(checkpoints).toBeGreaterThan(SCHEDULES / 4)
  },
  TIMEOUT_MS,
)

test('a schedule is repeated by its seed', async () => {
  const traces = [await runSchedule(7, { traced: true }), await runSchedule(7, { traced: true })]
  const [one, other] = traces.map(({ trace }) => trace.map(withoutIds))
  expect(one!.length).toBeGreaterThan(50)
  expect(other).toEqual(one)
})

test('a store that looks at no version is found out', async () => {
  let found = 0
  for (let seed = 1; seed <= 200; seed += 1) {
    found += (await runSchedule(seed, { fenced: false })).violations.length
  }
  expect(found).toBeGreaterThan(0)
})

/** The ends of ids are random. */
function withoutIds(line: string): string {
  return line.replace(/^ {3}\S{4} /, '')
}
