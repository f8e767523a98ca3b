// Joins the narrow groups of convolutions that pruning left where the model is faster for it on this host.

import type { Model } from '#src/onnx/ir/model'
import { relativeSpeeds } from '../evaluate/relative-speed.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import { joinGroups } from '../rewrite/join-groups.ts'
import type { Declined } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { withSessions } from '../runtime/with-sessions.ts'
import { observeShapes } from './observed-shapes.ts'
import { runnableFeeds } from './verify-pruned.ts'

export interface JoinedModel {
  /** The one given where nothing was joined. */
  readonly model: Model
  /** `null` where no convolution has narrow groups that could be joined, or joining them is no faster. */
  readonly joined: { readonly layers: number; readonly timesAsFast: number } | null
  readonly declined: readonly Declined[]
}

const TIMING = { rounds: 15, budgetMilliseconds: 2000 }

/** Weights that are 0 are stored: less is no gain. */
const LEAST_GAIN = 1.05

/** `excluded`: names of nodes that stay as they are. The model is left as it was. */
export async function joinWhereFaster(
  model: Model,
  excluded: readonly string[],
  threads: number,
  runtime: Runtime,
): Promise<JoinedModel> {
  const wide = copyModel(model)
  const layers = joinGroups(wide, new Set(excluded))
  if (layers === 0) return { model, joined: null, declined: [] }
  const left = (reason: string): JoinedModel => {
    return { model, joined: null, declined: [{ rule: 'join-groups', node: null, reason }] }
  }
  const feeds = await runnableFeeds(model, observeShapes(model).inputsAt(1), runtime)
  if (feeds === 'none') return left('the model runs on nothing that chance finds')
  const options = { threads, optimization: 'all' } as const
  const timesAsFast = await withSessions([model, wide], options, runtime, async (sessions) => {
    const runs = sessions.map((session) => () => session.run(feeds))
    const [, speed = 0] = await relativeSpeeds(runs, { ...TIMING, threads })
    return speed
  })
  if (timesAsFast >= LEAST_GAIN) {
    return { model: wide, joined: { layers, timesAsFast }, declined: [] }
  }
  const found = timesAsFast.toFixed(2)
  return left(`with the groups of ${layers} convolutions joined it is ${found} times as fast`)
}
