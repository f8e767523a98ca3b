// Jobs whose steps are chosen, as the child runs them.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StepSearch } from '#src/domain/step-search'
import { report as reportSchema } from '#src/domain/report'
import type { ToyJob } from './toy-job.ts'
import { runToyJob } from './toy-job.ts'

const folder = { path: '' }

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-search-'))
})

afterAll(async () => {
  await rm(folder.path, { recursive: true, force: true })
})

function run(
  goal: Readonly<Record<string, unknown>>,
  spec: Readonly<Record<string, unknown>> = {},
  worker: ToyJob['worker'] = {},
): ReturnType<typeof runToyJob> {
  return runToyJob(folder.path, { steps: 'auto', spec: { goal, ...spec }, worker })
}

const trialOf = ({ trials }: StepSearch, name: string) =>
  trials.find((trial) => trial.name === name)!

describe('a job whose steps are chosen', () => {
  test('hands back the smallest and fastest form that loses little enough, and lists all', async () => {
    const { result, messages } = await run({ max_metric_drop: 0.1 })
    const { report } = result
    expect(reportSchema.parse(report)).toEqual(report)
    const { trials, chosen, reached, ended, limits } = report.search!
    expect({ reached, ended }).toEqual({ reached: true, ended: 'complete' })
    expect(limits).toEqual({
      max_loss: 0.1,
      max_loss_from: 'goal',
      loss_unit: 'drop of top1',
      max_size_bytes: null,
      min_speedup: null,
    })
    const winner = trialOf(report.search!, chosen)
    expect(trials.filter(({ outcome }) => outcome === 'chosen')).toEqual([winner])
    expect(winner.size_bytes).toBe(report.compressed.size_bytes)
    expect(report.steps.map(({ type }) => type)).toEqual(winner.steps.map(({ type }) => type))
    const gainOf = (trial: typeof winner) => trial.speedup! / trial.size_bytes!
    const passed = trials.filter(({ outcome }) => outcome === 'passed')
    expect(passed.length).toBeGreaterThan(2)
    for (const other of passed) expect(gainOf(other)).toBeLessThanOrEqual(gainOf(winner))
    expect(trialOf(report.search!, 'int8 trained').reason).toBe('needs a dataset for train')
    const fractions = messages.flatMap((item) => (item.kind === 'progress' ? [item.fraction] : []))
    expect(fractions).toEqual(fractions.toSorted((one, other) => one - other))
  })

  test('what was chosen is a job that gives the same bytes', async () => {
    const goal = { max_size_bytes: 9000 }
    const { result } = await run(goal)
    const { search, compressed } = result.report
    expect(search!.reached).toBe(true)
    const { steps } = trialOf(search!, search!.chosen)
    const again = await runToyJob(folder.path, { steps, spec: { goal } })
    expect(again.result.report.compressed.size_bytes).toBe(compressed.size_bytes)
    expect(again.result.report.search).toBeNull()
  })

  test('removes channels where no form is small enough, and trains them where there is data', async () => {
    const datasets = { calibration: null, evaluation: 'dataset_0', train: 'dataset_0' }
    const goal = { max_size_bytes: 5500, max_metric_drop: 0.5 }
    const { result } = await run(goal, { datasets })
    const { search, goal: checked } = result.report
    expect(search!.chosen).toMatch(/% fewer channels, trained/)
    expect(search!.reached).toBe(true)
    expect(checked!.met).toBe(true)
    expect(result.report.steps[0]).toMatchObject({ type: 'prune', method: 'channel' })
    expect(result.report.steps[0]!.details).toHaveProperty('finetune')
  })

  test('a size that costs more than counts as no loss is held, for as little as it takes', async () => {
    const { result } = await run({ max_size_bytes: 4000 })
    const { search, goal } = result.report
    expect(search!.limits.max_loss_from).toBe('task')
    expect(search!.reached).toBe(true)
    expect(goal!.met).toBe(true)
    const held = search!.trials.filter(({ size_bytes: size }) => size !== null && size <= 4000)
    const { loss } = trialOf(search!, search!.chosen)
    for (const trial of held) {
      if (loss! > search!.limits.max_loss) expect(trial.loss).toBeGreaterThanOrEqual(loss!)
    }
  })

  test('a goal out of reach: the nearest is handed back, every trial says what it misses', async () => {
    const { result } = await run({ min_speedup: 1000 })
    const { search, goal } = result.report
    expect(search!.reached).toBe(false)
    expect(goal!.met).toBe(false)
    const tried = search!.trials.filter(({ size_bytes: size }) => size !== null)
    expect(tried.length).toBeGreaterThan(5)
    for (const { reason } of tried) expect(reason).toMatch(/times as fast, where 1000 is asked for/)
  })

  test('a trial that ended a process is left out', async () => {
    const { result } = await run({ max_metric_drop: 0.1 }, {}, { lethal: ['float16'] })
    expect(trialOf(result.report.search!, 'float16')).toMatchObject({
      outcome: 'refused',
      reason: 'the process that tried it died',
    })
  })

  test('when the time for trials is over, what is in hand is handed back', async () => {
    const { result } = await run({ min_speedup: 1000 }, {}, { seconds: 0.5 })
    const { search } = result.report
    expect(search!.ended).toBe('out_of_time')
    expect(search!.trials.at(-1)).toMatchObject({ outcome: 'not_tried' })
    expect(search!.trials.length).toBeLessThan(12)
  })
})
