// Runs labelled samples through several models at once and judges each against the labels and against the first.

import type { RuntimeSession, RuntimeTensor } from '../runtime/runtime.ts'
import type { Batching } from './batching.ts'
import { batchingOf } from './batching.ts'
import { startNoise } from './signal-to-noise.ts'
import type { AgreementRun, EvaluationTask, MetricRun, Values } from './tasks/task.ts'
import { numbersOf, sliceSamples } from './tensor-data.ts'

/** Labelled samples that are read in slices; the first axis of every field counts samples. */
export interface Samples {
  readonly count: number
  batch(start: number, end: number): Promise<Readonly<Record<string, RuntimeTensor>>>
}

export interface JudgeOptions {
  readonly task: EvaluationTask<unknown>
  /** At most this many samples. */
  readonly limit: number
  readonly onProgress?: (fraction: number) => void
}

export interface Judgement {
  /** `null` without a metric, or when the samples do not determine it. */
  readonly metric: number | null
  readonly samples: number
  /** Against the first model; `null` for outputs that decide nothing. */
  readonly agreement: number | null
  /** `null` when the outputs are equal. */
  readonly sqnr: number | null
  readonly isEqual: boolean
}

interface Judge {
  readonly session: RuntimeSession
  readonly metric: MetricRun<unknown> | null
  readonly agreement: AgreementRun<unknown>
  readonly noise: ReturnType<typeof startNoise>
}

/**
 * One judgement per session, in order. Memory does not grow with the number of samples, but for the scores that
 * `auc` and average precision keep.
 * @throws RuntimeRejection; EvaluationMismatch; RangeError without samples
 */
export async function judgeModels(
  sessions: readonly RuntimeSession[],
  samples: Samples,
  options: JudgeOptions,
): Promise<Judgement[]> {
  const [reference] = sessions
  const count = Math.min(samples.count, options.limit)
  if (reference === undefined || count === 0) throw new RangeError('there is nothing to judge')
  const judges = sessions.map((session): Judge => ({
    session,
    metric: options.task.startMetric(),
    agreement: options.task.startAgreement(),
    noise: startNoise(),
  }))
  const { outputs } = options.task
  const names = outputs === 'all' ? reference.outputs.map(({ name }) => name) : outputs
  const { size, isFixed } = await batchingFor(sessions, samples)
  for (let start = 0; start < count; start += size) {
    const wanted = Math.min(size, count - start)
    // A fixed batch at the end begins earlier; the samples it repeats are dropped again.
    const begin = isFixed ? Math.max(0, Math.min(start, samples.count - size)) : start
    const end = isFixed ? begin + size : start + wanted
    const fields = await samples.batch(begin, end)
    const drop = start - begin
    await judgeBatch(judges, fields, names, options.task, { drop, wanted, size: end - begin })
    options.onProgress?.((start + wanted) / count)
  }
  return judges.map(({ metric, agreement, noise }) => ({
    metric: metric?.value() ?? null,
    samples: count,
    agreement: agreement.value(),
    sqnr: noise.value(),
    isEqual: noise.isEqual(),
  }))
}

/** What one run of judgeModels feeds the first model, and how many such runs the samples make. */
export async function firstBatch(
  sessions: readonly RuntimeSession[],
  samples: Samples,
  limit: number,
): Promise<{ readonly feeds: Readonly<Record<string, RuntimeTensor>>; readonly runs: number }> {
  const count = Math.min(samples.count, limit)
  const [first] = sessions
  if (first === undefined) throw new RangeError('there is nothing to judge')
  const { size } = await batchingFor(sessions, samples)
  const fields = await samples.batch(0, Math.min(size, samples.count))
  return { feeds: feedsOf(first, fields), runs: Math.ceil(count / size) }
}

/** That of the first, but for a fixed batch of one of the others. */
async function batchingFor(
  sessions: readonly RuntimeSession[],
  samples: Samples,
): Promise<Batching> {
  const all: Batching[] = []
  for (const session of sessions) {
    all.push(batchingOf(session, await sampleBytes(session, samples)))
  }
  return all.find(({ isFixed }) => isFixed) ?? all[0] ?? { size: 1, isFixed: false }
}

interface BatchPart {
  /** Samples at the front that were judged before. */
  readonly drop: number
  readonly wanted: number
  readonly size: number
}

async function judgeBatch(
  judges: readonly Judge[],
  fields: Readonly<Record<string, RuntimeTensor>>,
  names: readonly string[],
  task: EvaluationTask<unknown>,
  part: BatchPart,
): Promise<void> {
  const labels = valuesOfPart(fields, task.labels, part)
  let reference: { outputs: ReadonlyMap<string, Values>; decision: unknown } | null = null
  for (const judge of judges) {
    const feeds = feedsOf(judge.session, fields)
    const outputs = valuesOfPart(await judge.session.run(feeds, names), names, part)
    const inputs = new Map(Object.entries(feeds).map(([name, { dims }]) => [name, dims]))
    const decision = task.decide({ samples: part.wanted, outputs, inputs })
    reference ??= { outputs, decision }
    for (const [name, { numbers }] of outputs) {
      judge.noise.add(reference.outputs.get(name)?.numbers ?? numbers, numbers)
    }
    judge.agreement.add(reference.decision, decision)
    judge.metric?.add(decision, labels)
  }
}

function valuesOfPart(
  tensors: Readonly<Record<string, RuntimeTensor>>,
  names: readonly string[],
  part: BatchPart,
): ReadonlyMap<string, Values> {
  const values = new Map<string, Values>()
  for (const name of names) {
    const tensor = tensors[name]
    if (tensor === undefined) continue
    const { dtype, dims, data } = wantedRows(tensor, part)
    values.set(name, { dtype, dims, numbers: numbersOf({ dtype, dims, data }) })
  }
  return values
}

/** An output whose first axis is no batch belongs to all samples: it is taken whole. */
function wantedRows(tensor: RuntimeTensor, { drop, wanted, size }: BatchPart): RuntimeTensor {
  if (tensor.dims[0] !== size || wanted === size) return tensor
  return sliceSamples(tensor, drop, drop + wanted)
}

function feedsOf(
  session: RuntimeSession,
  fields: Readonly<Record<string, RuntimeTensor>>,
): Record<string, RuntimeTensor> {
  const feeds: Record<string, RuntimeTensor> = {}
  for (const { name } of session.inputs) {
    const tensor = fields[name]
    if (tensor !== undefined) feeds[name] = tensor
  }
  return feeds
}

async function sampleBytes(session: RuntimeSession, samples: Samples): Promise<number> {
  const feeds = feedsOf(session, await samples.batch(0, 1))
  return Object.values(feeds).reduce((sum, { data }) => sum + data.byteLength, 0)
}
