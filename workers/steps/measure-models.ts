// Runs the original and the compressed model side by side: quality, time, energy.

import { openEnergyCounter, energyPerRun } from '#engine/evaluate/energy'
import type { Judgement, Samples } from '#engine/evaluate/judge'
import { judgeModels } from '#engine/evaluate/judge'
import type { Timing } from '#engine/evaluate/latency'
import { timeInterleaved } from '#engine/evaluate/latency'
import type { InputShape } from '#engine/evaluate/random-feeds'
import { concreteShapes, randomFeeds } from '#engine/evaluate/random-feeds'
import type { Runtime, RuntimeSession } from '#engine/runtime/runtime'
import type { JobSpec } from '#src/recipes/job-spec'
import { metricOf } from './metric-of.ts'

const BUDGET_MILLISECONDS = 60_000
const WARM_UP = 3

export interface RunMeasures {
  /** A reason where there is none. */
  readonly timing: Timing | string
  readonly energy: number | string
  readonly judgement: Judgement | string
}

export interface ModelRuns {
  readonly original: RunMeasures
  readonly compressed: RunMeasures
  readonly batchSize: number
  /** Inputs of one run of one sample; `null` when a shape cannot be made up. */
  readonly inputs: Readonly<Record<string, InputShape>> | null
}

/** @throws RuntimeRejection */
export async function measureModels(
  paths: readonly [string, string],
  samples: Samples | null,
  spec: JobSpec,
  runtime: Runtime,
  progress: (fraction: number, message: string) => void,
): Promise<ModelRuns> {
  const { threads, batch_size: batch } = spec.evaluation.latency
  const sessions: RuntimeSession[] = []
  try {
    for (const path of paths) {
      sessions.push(await runtime.load(path, { threads, optimization: 'all' }))
    }
    const known = await sampleShapes(samples)
    const inputs = concreteShapes(sessions[0]?.inputs ?? [], 1, known)
    const batched = concreteShapes(sessions[0]?.inputs ?? [], batch, known)
    progress(0, 'comparing outputs')
    const judgements = await judge(sessions, samples, spec, (fraction) =>
      progress(0.7 * fraction, 'comparing outputs'),
    )
    progress(0.7, 'timing')
    const timed = batched === null ? NO_SHAPE : await time(sessions, batched, spec)
    const energy = batched === null ? NO_SHAPE : await measureEnergy(sessions, batched)
    const of = (index: number): RunMeasures => ({
      timing: typeof timed === 'string' ? timed : (timed[index] ?? NO_SHAPE),
      energy: typeof energy === 'string' ? energy : (energy[index] ?? NO_SHAPE),
      judgement: typeof judgements === 'string' ? judgements : (judgements[index] ?? NO_DATA),
    })
    const [first] = Object.values(batched ?? {})
    return { original: of(0), compressed: of(1), batchSize: first?.shape[0] ?? batch, inputs }
  } finally {
    for (const session of sessions) await session.release()
  }
}

const NO_SHAPE = 'the shape of an input is not known'
const NO_DATA = 'there is no dataset to compare with'

async function sampleShapes(samples: Samples | null): Promise<Record<string, readonly number[]>> {
  const fields = (await samples?.batch(0, 1)) ?? {}
  return Object.fromEntries(Object.entries(fields).map(([name, { dims }]) => [name, dims]))
}

async function judge(
  sessions: readonly RuntimeSession[],
  samples: Samples | null,
  { evaluation }: JobSpec,
  onProgress: (fraction: number) => void,
): Promise<Judgement[] | string> {
  if (samples === null) return NO_DATA
  return await judgeModels(sessions, samples, {
    metric: metricOf(evaluation),
    output: evaluation.output,
    labels: evaluation.labels,
    limit: evaluation.samples ?? samples.count,
    onProgress,
  })
}

async function time(
  sessions: readonly RuntimeSession[],
  shapes: Readonly<Record<string, InputShape>>,
  { evaluation }: JobSpec,
): Promise<Timing[]> {
  const feeds = randomFeeds(shapes)
  return await timeInterleaved(
    sessions.map((session) => () => session.run(feeds)),
    {
      runs: evaluation.latency.runs,
      warmUp: WARM_UP,
      budgetMilliseconds: BUDGET_MILLISECONDS,
    },
  )
}

async function measureEnergy(
  sessions: readonly RuntimeSession[],
  shapes: Readonly<Record<string, InputShape>>,
): Promise<number[] | string> {
  const counter = await openEnergyCounter()
  if ('reason' in counter) return counter.reason
  const feeds = randomFeeds(shapes)
  const energies: number[] = []
  for (const session of sessions)
    energies.push(await energyPerRun(counter, () => session.run(feeds)))
  return energies
}
