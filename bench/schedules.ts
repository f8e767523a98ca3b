// The job state machine under a seeded scheduler: real services, runner and tasks over simulated stores and network,
// processes that die at any point. Prints every seed whose schedule breaks an invariant.
// Usage: npm run build && node dist/bench/schedules.js [schedules = 1000000] [processes = 2] [first seed = 1]
//        node dist/bench/schedules.js --seed 4711    one schedule, step by step

import { fork } from 'node:child_process'
import { runSchedule } from './schedules/run-schedule.ts'

interface Tally {
  schedules: number
  steps: number
  jobs: number
  deaths: number
  checkpoints: number
  readonly broken: { readonly seed: number; readonly violations: readonly string[] }[]
}

const PART = 500
const REPORT_MS = 30_000
const MOST_BROKEN = 20

async function runPart(first: number, count: number): Promise<Tally> {
  const tally: Tally = { schedules: 0, steps: 0, jobs: 0, deaths: 0, checkpoints: 0, broken: [] }
  for (let seed = first; seed < first + count; seed += 1) {
    const { steps, jobs, deaths, checkpoints, violations } = await runSchedule(seed)
    tally.schedules += 1
    tally.steps += steps
    tally.jobs += jobs
    tally.deaths += deaths
    tally.checkpoints += checkpoints
    if (violations.length > 0) tally.broken.push({ seed, violations })
  }
  return tally
}

async function runAll(schedules: number, processes: number, first: number): Promise<void> {
  const total: Tally = { schedules: 0, steps: 0, jobs: 0, deaths: 0, checkpoints: 0, broken: [] }
  const start = performance.now()
  let next = first
  const end = first + schedules
  const report = (): void => {
    const seconds = (performance.now() - start) / 1000
    const rate = (total.schedules / seconds).toFixed(0)
    console.log(
      `${total.schedules} schedules, ${total.steps} steps, ${total.jobs} jobs, ${total.deaths} deaths of processes, ${total.checkpoints} checkpoints in ${seconds.toFixed(0)} s (${rate}/s): ${total.broken.length} violations`,
    )
  }
  const timer = setInterval(report, REPORT_MS)
  await Promise.all(
    Array.from({ length: processes }, async () => {
      const child = fork(new URL(import.meta.url), ['--child'])
      while (next < end && total.broken.length < MOST_BROKEN) {
        const part = { first: next, count: Math.min(PART, end - next) }
        next += part.count
        const tally = await new Promise<Tally>((resolve, reject) => {
          child.once('message', (message) => resolve(message as Tally))
          child.once('exit', (code) => reject(new Error(`a process ended with ${code}`)))
          child.send(part)
        })
        child.removeAllListeners('exit')
        total.schedules += tally.schedules
        total.steps += tally.steps
        total.jobs += tally.jobs
        total.deaths += tally.deaths
        total.checkpoints += tally.checkpoints
        total.broken.push(...tally.broken)
        for (const { seed, violations } of tally.broken) {
          console.log(`seed ${seed}: ${violations.join('; ')}`)
        }
      }
      child.disconnect()
    }),
  )
  clearInterval(timer)
  console.log(`seeds ${first} to ${next - 1}`)
  report()
  process.exitCode = total.broken.length === 0 ? 0 : 1
}

const [first = '1000000', second = '2', third = '1'] = process.argv.slice(2)
if (first === '--child') {
  process.on('message', (part: { readonly first: number; readonly count: number }) => {
    void runPart(part.first, part.count).then((tally) => process.send!(tally))
  })
} else if (first === '--seed') {
  const { trace, violations, steps } = await runSchedule(Number(second), { traced: true })
  for (const line of trace) console.log(line)
  console.log(`${steps} steps, violations: ${violations.join('; ') || 'none'}`)
  process.exitCode = violations.length === 0 ? 0 : 1
} else {
  await runAll(Number(first), Number(second), Number(third))
}
