// Where the two models of a job are judged and where they are timed. A named accelerator does both. `auto` judges on the
// first accelerator of the worker that is faster than the CPU, and times on the CPU.

import { quantile } from '#engine/evaluate/latency'
import { outputsAgree } from '#engine/evaluate/outputs-agree'
import type { Provider, RuntimeTensor } from '#engine/runtime/runtime'
import { PROVIDERS, RuntimeRejection } from '#engine/runtime/runtime'
import type { Fallback } from '#src/domain/report'
import type { JobSpec } from '#src/recipes/job-spec'
import type { LoadedModels } from './loaded-models.ts'

export interface ProviderQuestion {
  readonly requested: JobSpec['accelerator']
  /** What the worker found to work when it started. */
  readonly offered: readonly Provider[]
  /** A child of this job died by itself: it may have been the accelerator. */
  readonly crashed: boolean
  /** What to try a provider with, or why there is nothing. */
  readonly feeds: Readonly<Record<string, RuntimeTensor>> | string
  /** How often each model will be run on feeds of this size to be judged. */
  readonly runs: number
  readonly log: (line: string) => void
}

export interface ChosenProviders {
  readonly evaluation: Provider
  readonly timing: Provider
  readonly fallback: Fallback | 'none'
}

/** `auto` asks no accelerator to save less than this: setting one up takes seconds. */
const WORTH_MILLISECONDS = 2000
const TIMED_RUNS = 3
const ON_CPU: ChosenProviders = { evaluation: 'cpu', timing: 'cpu', fallback: 'none' }

/** @throws RuntimeRejection when the CPU does not run the models */
export async function chooseProviders(
  models: LoadedModels,
  question: ProviderQuestion,
): Promise<ChosenProviders> {
  const { requested, offered, crashed, feeds, runs, log } = question
  const candidates = PROVIDERS.filter(
    (provider) =>
      provider !== 'cpu' &&
      (requested === 'auto' ? offered.includes(provider) : requested === provider),
  )
  if (candidates.length === 0) return ON_CPU
  if (crashed) return onCpuInstead(requested, 'a process that used it ended without an answer')
  if (typeof feeds === 'string')
    return requested === 'auto' ? ON_CPU : onCpuInstead(requested, feeds)
  const cpu = await runBoth(models, 'cpu', feeds)
  const sessions = (await models.on('cpu')).length
  if (requested === 'auto' && sessions * runs * cpu.milliseconds < WORTH_MILLISECONDS) return ON_CPU
  const reasons: string[] = []
  for (const provider of candidates) {
    const trial = await tryProvider(models, provider, cpu, feeds)
    if (typeof trial === 'string') {
      log(`${provider}: ${trial}`)
      reasons.push(`${provider}: ${trial}`)
      continue
    }
    const times = `${trial.toFixed(2)} ms a run of the original, the CPU ${cpu.milliseconds.toFixed(2)} ms`
    log(`${provider}: ${times}`)
    if (requested !== 'auto') return { evaluation: provider, timing: provider, fallback: 'none' }
    if (trial < cpu.milliseconds) return { ...ON_CPU, evaluation: provider }
  }
  return reasons.length === 0 ? ON_CPU : onCpuInstead(requested, reasons.join('; '))
}

export function onCpuInstead(requested: JobSpec['accelerator'], reason: string): ChosenProviders {
  return { ...ON_CPU, fallback: { requested, reason } }
}

interface BothRuns {
  readonly outputs: readonly Readonly<Record<string, RuntimeTensor>>[]
  /** Median of the original. */
  readonly milliseconds: number
}

async function runBoth(
  models: LoadedModels,
  provider: Provider,
  feeds: Readonly<Record<string, RuntimeTensor>>,
): Promise<BothRuns> {
  const sessions = await models.on(provider)
  const outputs: Readonly<Record<string, RuntimeTensor>>[] = []
  // The first run of each compiles kernels.
  for (const session of sessions) outputs.push(await session.run(feeds))
  const times: number[] = []
  for (let run = 0; run < TIMED_RUNS; run += 1) {
    const start = performance.now()
    await sessions[0]?.run(feeds)
    times.push(performance.now() - start)
  }
  return { outputs, milliseconds: quantile(times, 0.5) }
}

/** Milliseconds, or why it is not used. */
async function tryProvider(
  models: LoadedModels,
  provider: Provider,
  cpu: BothRuns,
  feeds: Readonly<Record<string, RuntimeTensor>>,
): Promise<number | string> {
  try {
    const { outputs, milliseconds } = await runBoth(models, provider, feeds)
    const agree = cpu.outputs.every((expected, index) =>
      outputsAgree(expected, outputs[index] ?? {}),
    )
    return agree ? milliseconds : 'its results differ from those of the CPU'
  } catch (error) {
    if (error instanceof RuntimeRejection) return refusalOf(error)
    throw error
  }
}

export function refusalOf({ stage }: RuntimeRejection): string {
  return stage === 'load'
    ? 'the runtime does not load the model on it'
    : 'a run of the model fails on it'
}
