// Runs the original and the compressed model side by side: quality, time, energy.

import { openEnergyCounter, energyPerRun } from '#engine/evaluate/energy'
import type { Judgement, Samples } from '#engine/evaluate/judge'
import { firstBatch, judgeModels } from '#engine/evaluate/judge'
import type { Timing } from '#engine/evaluate/latency'
import { timeInterleaved } from '#engine/evaluate/latency'
import type { InputShape } from '#engine/evaluate/random-feeds'
import { concreteShapes, randomFeeds } from '#engine/evaluate/random-feeds'
import type {
  Provider,
  Runtime,
  RuntimeSession,
  RuntimeTensor,
  RuntimeValueInfo,
} from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import { castFloats } from '#engine/runtime/cast-floats'
import type { Model } from '#src/onnx/ir/model'
import type { JobSpec } from '#src/recipes/job-spec'
import type { ChosenProviders } from './choose-providers.ts'
import { chooseProviders } from './choose-providers.ts'
import { LoadedModels } from './loaded-models.ts'
import type { Placements } from './node-placements.ts'
import { nodePlacements } from './node-placements.ts'
import { openTask } from './open-task.ts'
import { Places } from './places.ts'

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
  readonly placements: Placements
  /** What the timed runs read; a reason where nothing was run. */
  readonly feeds: Feeds | string
}

export interface MeasureQuestion {
  /** The original. */
  readonly model: Model
  /** The original's file, then the compressed one's. */
  readonly paths: readonly [string, string]
  readonly samples: Samples | null
  readonly spec: JobSpec
  readonly runtime: Runtime
  /** What this worker offers. */
  readonly offered: readonly Provider[]
  /** A child of this job died by itself. */
  readonly crashed: boolean
  /** An existing folder. */
  readonly scratch: string
  readonly progress: (fraction: number, message: string) => void
  readonly log: (line: string) => void
}

/** @throws RuntimeRejection */
export async function measureModels(question: MeasureQuestion): Promise<ModelRuns> {
  const { model, paths, samples, spec, runtime, progress } = question
  const { threads, batch_size: batch } = spec.evaluation.latency
  const models = new LoadedModels(runtime, paths, threads)
  try {
    const sessions = await models.on('cpu')
    const known = await sampleShapes(samples)
    const declared = declaredInputs(sessions, model)
    const inputs = concreteShapes(declared, 1, known)
    const batched = concreteShapes(declared, batch, known)
    const feeds = batched === null ? NO_SHAPE : await timedFeeds(sessions, batched, samples)
    progress(0, 'comparing outputs')
    const chosen = await choose(models, feeds, question)
    const places = new Places(models, spec.accelerator, chosen)
    const judgements = await places.run('evaluation', (loaded) =>
      judge(loaded, samples, spec, (fraction) => progress(0.7 * fraction, 'comparing outputs')),
    )
    progress(0.7, 'timing')
    const { timed, energy } =
      typeof feeds === 'string'
        ? { timed: feeds, energy: feeds }
        : await places.run('timing', async (loaded, provider) => ({
            timed: await time(loaded, feeds, spec),
            energy: await measureEnergy(loaded, provider, feeds),
          }))
    const of = (index: number): RunMeasures => ({
      timing: typeof timed === 'string' ? timed : (timed[index] ?? NO_SHAPE),
      energy: typeof energy === 'string' ? energy : (energy[index] ?? NO_SHAPE),
      judgement: typeof judgements === 'string' ? judgements : (judgements[index] ?? NO_DATA),
    })
    const [first] = Object.values(batched ?? {})
    return {
      original: of(0),
      compressed: of(1),
      batchSize: first?.shape[0] ?? batch,
      inputs: typeof feeds === 'string' ? null : inputs,
      placements: await nodePlacements(places.chosen, feeds, question),
      feeds,
    }
  } finally {
    await models.release()
  }
}

/** What is judged is what is tried on an accelerator; without samples, what is timed. */
async function choose(
  models: LoadedModels,
  timed: Feeds | string,
  { samples, spec, offered, crashed, log }: MeasureQuestion,
): Promise<ChosenProviders> {
  const sessions = await models.on('cpu')
  const { feeds, runs } =
    samples === null
      ? { feeds: timed, runs: 0 }
      : await firstBatch(sessions, samples, spec.evaluation.samples ?? Infinity)
  const requested = spec.accelerator
  return await chooseProviders(models, { requested, offered, crashed, feeds, runs, log })
}

const NO_SHAPE = 'the shape of an input is not known'
const NO_FEEDS = 'the model does not take inputs that are made up, and there is no data'
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
    task: await openTask(evaluation, sessions[0]?.outputs ?? [], samples),
    limit: evaluation.samples ?? samples.count,
    onProgress,
  })
}

/** The binding tells no rank for scalars: the file does. Sizes that the original leaves open may be fixed in what came of it. */
function declaredInputs(
  [original, compressed]: readonly RuntimeSession[],
  model: Model,
): RuntimeValueInfo[] {
  return (original?.inputs ?? []).map((input) => {
    const value = model.graph.inputs.find(({ name }) => name === input.name)
    const declared = value?.type?.kind === 'tensor' ? value.type.shape : null
    const other = compressed?.inputs.find(({ name }) => name === input.name)?.shape ?? []
    const shape = (input.shape ?? declared)?.map((dim, axis) => {
      const fixed = other[axis]
      return typeof dim === 'number' || typeof fixed !== 'number' ? dim : fixed
    })
    return { ...input, shape: shape ?? null }
  })
}

type Feeds = Readonly<Record<string, RuntimeTensor>>

/** The first samples where there are enough of them, made-up values otherwise; a reason when the model takes neither. */
async function timedFeeds(
  sessions: readonly RuntimeSession[],
  shapes: Readonly<Record<string, InputShape>>,
  samples: Samples | null,
): Promise<Feeds | string> {
  const made = randomFeeds(shapes)
  const size = Object.values(shapes)[0]?.shape[0] ?? 1
  const fields = samples !== null && samples.count >= size ? await samples.batch(0, size) : {}
  const feeds = Object.fromEntries(
    Object.entries(made).map(([name, tensor]) => {
      const given = fields[name]
      const fits = given !== undefined && given.dims.join() === tensor.dims.join()
      return [name, fits ? given : tensor]
    }),
  )
  try {
    for (const session of sessions) await session.run(feeds)
    return feeds
  } catch (error) {
    if (error instanceof RuntimeRejection && samples === null) return NO_FEEDS
    throw error
  }
}

async function time(
  sessions: readonly RuntimeSession[],
  feeds: Feeds,
  { evaluation }: JobSpec,
): Promise<Timing[]> {
  return await timeInterleaved(
    sessions.map((session) => {
      // What comes in the type that the model asks for takes no time to be cast.
      const own = castFloats(feeds, session.inputs)
      return () => session.run(own)
    }),
    {
      runs: evaluation.latency.runs,
      warmUp: WARM_UP,
      budgetMilliseconds: BUDGET_MILLISECONDS,
    },
  )
}

async function measureEnergy(
  sessions: readonly RuntimeSession[],
  provider: Provider,
  feeds: Feeds,
): Promise<number[] | string> {
  if (provider !== 'cpu') return `the counters of the processor do not see ${provider}`
  const counter = await openEnergyCounter()
  if ('reason' in counter) return counter.reason
  const energies: number[] = []
  for (const session of sessions) {
    const own = castFloats(feeds, session.inputs)
    energies.push(await energyPerRun(counter, () => session.run(own)))
  }
  return energies
}
