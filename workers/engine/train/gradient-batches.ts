// A model's weight gradients on the first samples of some data, batch by batch, against labels or against what it says itself.

import type { Model } from '#src/onnx/ir/model'
import type { Samples } from '../evaluate/judge.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { drawnTarget } from './drawn-targets.ts'
import type { LossTerm } from './losses/loss-term.ts'
import { uniform } from './sample-order.ts'
import { openTeacher, teacherTarget } from './teacher.ts'
import { TrainingSamples } from './training-samples.ts'
import type { GradientSession } from './weight-gradients.ts'
import { openWeightGradients } from './weight-gradients.ts'

export type Fields = Readonly<Record<string, RuntimeTensor>>

export interface GradientTask {
  /** Terms whose target is `teacherTarget` compare the model with its own answers. */
  readonly terms: readonly LossTerm[]
  readonly samples: Samples
  /** At most this many samples. */
  readonly limit: number
  readonly threads: number
}

export interface GradientBatching {
  /** Samples of a batch, where the model leaves it open. */
  readonly size: number
  /** What the model's own answers become: themselves, or one outcome drawn for each sample. */
  readonly targets: 'own' | 'drawn'
  readonly seed: number
}

export interface GradientBatches extends GradientSession {
  batches(): AsyncGenerator<Fields>
}

/** @throws GradientRefusal naming the node that has no gradient; RuntimeRejection */
export async function openGradientBatches(
  model: Model,
  { terms, samples: source, limit, threads }: GradientTask,
  { size, targets, seed }: GradientBatching,
  runtime: Runtime,
): Promise<GradientBatches> {
  const session = await openWeightGradients(model, terms, runtime, threads)
  const count = Math.min(limit, source.count)
  const samples = await TrainingSamples.open({ count, batch: (a, b) => source.batch(a, b) })
  const own = terms.filter(({ output, target }) => target === teacherTarget(output))
  const teacher =
    own.length === 0
      ? null
      : await openTeacher(model, own, samples, runtime, { threads, augmentations: [] })
  const fixed = session.batch
  const batch = fixed ?? Math.min(size, count)
  return {
    ...session,
    async *batches() {
      const next = uniform(seed)
      for (let start = 0; start < count; start += batch) {
        const length = fixed ?? Math.min(batch, count - start)
        const indices = Array.from({ length }, (_, index) => (start + index) % count)
        const fields = await samples.pick(indices)
        const answers = (await teacher?.targets(fields, indices)) ?? {}
        yield { ...fields, ...(targets === 'own' ? answers : drawn(answers, own, next)) }
      }
    },
    release: async () => {
      await session.release()
      await teacher?.release()
    },
  }
}

function drawn(answers: Fields, terms: readonly LossTerm[], next: () => number): Fields {
  return Object.fromEntries(
    terms.flatMap((term) => {
      const answer = answers[term.target]
      return answer === undefined ? [] : [[term.target, drawnTarget(answer, term, next)] as const]
    }),
  )
}
