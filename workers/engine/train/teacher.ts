// What a trained model says of the samples, as targets for another.

import type { Model } from '#src/onnx/ir/model'
import { tensorType } from '#src/onnx/ir/value-type'
import { modelBytes } from '#src/onnx/write-model'
import { batchingOf } from '../evaluate/batching.ts'
import { emptyData } from '../evaluate/tensor-data.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime.ts'
import { MissingValue, innerValue, logitsOf } from './losses/append-loss.ts'
import type { LossTerm } from './losses/loss-term.ts'
import type { TrainOptions } from './train-options.ts'
import type { TrainingSamples } from './training-samples.ts'

type Fields = Readonly<Record<string, RuntimeTensor>>

/** Answers for all samples are kept where they take no more than this and no sample changes; else the teacher runs along. */
const CACHE_BYTES = 256 * 2 ** 20

const TEACHER = 'teacher/'

/** The graph input that brings what the teacher says of an output, or in an inner value of the student. */
export function teacherTarget(value: string): string {
  return `${TEACHER}${value}`
}

export interface Teacher {
  /** By the names of `teacherTarget`. `batch`: the fields of the samples `indices`. */
  targets(batch: Fields, indices: ArrayLike<number>): Promise<Fields>
  readonly runs: 'once' | 'along'
  release(): Promise<void>
}

/** @throws RuntimeRejection */
export async function openTeacher(
  model: Model,
  terms: readonly LossTerm[],
  samples: TrainingSamples,
  runtime: Runtime,
  { threads, augmentations }: Pick<TrainOptions, 'threads' | 'augmentations'>,
): Promise<Teacher> {
  const wanted = terms.filter(({ target }) => target.startsWith(TEACHER))
  const answers = withAnswers(copyModel(model), wanted)
  const session = await runtime.load(modelBytes(answers.model, 'inline'), {
    threads,
    optimization: 'all',
  })
  const named = (results: Fields): Fields =>
    Object.fromEntries(
      wanted.flatMap(({ target }, index) => {
        const tensor = results[answers.names[index] ?? '']
        return tensor === undefined ? [] : [[target, tensor] as const]
      }),
    )
  const first = await samples.pick([0])
  const run = async (count: number, read: Reader): Promise<Fields> =>
    named(await runInBatches(session, first, count, read))
  const one = await run(1, (start, end) => samples.pick(range(start, end, samples.count)))
  const bytes = Object.values(one).reduce((sum, { data }) => sum + data.byteLength, 0)
  if (augmentations.length > 0 || bytes * samples.count > CACHE_BYTES) {
    return {
      targets: (batch, indices) =>
        run(indices.length, (start, end) => rows(batch, range(start, end, indices.length))),
      runs: 'along',
      release: () => session.release(),
    }
  }
  const all = await run(samples.count, (start, end) =>
    samples.pick(range(start, end, samples.count)),
  )
  await session.release()
  return {
    targets: (_, indices) => Promise.resolve(rows(all, indices)),
    runs: 'once',
    release: () => Promise.resolve(),
  }
}

/** Divergence compares logits: they become outputs in place of the probabilities made of them. */
function withAnswers(model: Model, terms: readonly LossTerm[]) {
  const { graph } = model
  const values = terms.map((term) => {
    const name = term.kind === 'hint' ? term.teacher : term.output
    const output = graph.outputs.find((value) => value.name === name)
    const value = output ?? (term.kind === 'hint' ? innerValue(graph, name) : undefined)
    if (value === undefined) throw new MissingValue(name)
    value.type ??= tensorType('float32', null)
    return term.kind === 'divergence' ? logitsOf(value) : value
  })
  graph.outputs.length = 0
  graph.outputs.push(...new Set(values))
  return { model, names: values.map(({ name }) => name) }
}

type Reader = (start: number, end: number) => Promise<Fields> | Fields

/** All outputs for `count` samples. A model of a fixed batch size sees some samples twice. */
async function runInBatches(
  session: RuntimeSession,
  sample: Fields,
  count: number,
  read: Reader,
): Promise<Fields> {
  const names = session.inputs.map(({ name }) => name)
  const inputs = (fields: Fields): Fields =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)))
  const bytes = Object.values(inputs(sample)).reduce((sum, { data }) => sum + data.byteLength, 0)
  const { size, isFixed } = batchingOf(session, bytes)
  const all: Record<string, RuntimeTensor> = {}
  for (let start = 0; start < count; start += size) {
    const kept = Math.min(size, count - start)
    const results = await session.run(inputs(await read(start, start + (isFixed ? size : kept))))
    for (const [name, { dtype, dims, data }] of Object.entries(results)) {
      const width = data.length / (dims[0] ?? 1)
      all[name] ??= {
        dtype,
        dims: [count, ...dims.slice(1)],
        data: emptyData(dtype, count * width),
      }
      const part = data.subarray(0, kept * width)
      ;(all[name].data as Float32Array).set(part as Float32Array, start * width)
    }
  }
  return all
}

/** Numbers from `start` to `end`; those that do not exist are the last that does. */
function range(start: number, end: number, count: number): number[] {
  return Array.from({ length: end - start }, (_, offset) => Math.min(start + offset, count - 1))
}

function rows(fields: Fields, indices: ArrayLike<number>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { dtype, dims, data }]) => {
      const width = data.length / (dims[0] ?? 1)
      const picked = emptyData(dtype, indices.length * width)
      for (let row = 0; row < indices.length; row += 1) {
        const start = (indices[row] ?? 0) * width
        const part = data.subarray(start, start + width)
        ;(picked as Float32Array).set(part as Float32Array, row * width)
      }
      return [name, { dtype, dims: [indices.length, ...dims.slice(1)], data: picked }]
    }),
  )
}
