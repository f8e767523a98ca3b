// Pads channels where the float model is no slower for it on this host: kernels on integers gain more, but not all layers get one.

import type { Model } from '#src/onnx/ir/model'
import { relativeSpeeds } from '../evaluate/relative-speed.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import { padChannels } from '../rewrite/pad-channels.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { withSessions } from '../runtime/with-sessions.ts'
import type { FeedSource } from './activation-statistics.ts'
import { firstSamples } from './first-samples.ts'

export interface PaddedModel {
  /** The one given where nothing was padded. */
  readonly model: Model
  /** Groups of channels that were. */
  readonly groups: number
}

const TIMING = { rounds: 15, budgetMilliseconds: 1000 }

/** The padded model may take this share of the time more. */
const TOLERANCE = 0.02

/** The model is left as it was. */
export async function padWhereFaster(
  model: Model,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<PaddedModel> {
  const padded = copyModel(model)
  const groups = padChannels(padded)
  if (groups === 0) return { model, groups }
  const [sample = {}] = await firstSamples(model, feeds, 1)
  const options = { threads, optimization: 'all' } as const
  return await withSessions([model, padded], options, runtime, async (sessions) => {
    const runs = sessions.map((session) => () => session.run(sample))
    const [, speed = 0] = await relativeSpeeds(runs, { ...TIMING, threads })
    return speed >= 1 - TOLERANCE ? { model: padded, groups } : { model, groups: 0 }
  })
}
