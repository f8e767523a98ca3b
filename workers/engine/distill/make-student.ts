// A student made of its teacher: fewer residual blocks, fewer channels, the weights of what is left.

import type { Model } from '#src/onnx/ir/model'
import type { ImportanceContext } from '../prune/importance/importance.ts'
import { observeShapes } from '../prune/observed-shapes.ts'
import { prepareModel } from '../prune/prepare-model.ts'
import { pruneChannels } from '../prune/prune-channels.ts'
import { lookBefore, verifyPruned } from '../prune/verify-pruned.ts'
import type { Declined } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { shrinkDepth } from './shrink-depth.ts'

/** Shares of what the teacher has. */
export interface StudentSize {
  /** Of the channels, heads and neurons of each layer. */
  readonly width: number
  /** Of the residual blocks of each stage. */
  readonly depth: number
}

export interface StudentReport {
  readonly details: Readonly<Record<string, unknown>>
  readonly declined: readonly Declined[]
}

/** One sample would hide what is wrong with the batch. */
const VERIFIED_BATCH = 2

/**
 * Rewrites `model`, a copy of the teacher. `feeds`: weights behind channels that go are fitted to them; `none` leaves them as they are.
 * @throws PruneFailure
 */
export async function makeStudent(
  model: Model,
  { width, depth }: StudentSize,
  feeds: ImportanceContext['feeds'],
  runtime: Runtime,
): Promise<StudentReport> {
  const declined: Declined[] = []
  let details: Record<string, unknown> = { width, depth }
  if (depth < 1) {
    declined.push(...(await prepareModel(model, runtime)))
    const shapes = observeShapes(model)
    const before = await lookBefore(model, shapes.inputsAt(VERIFIED_BATCH), runtime)
    const shrunk = shrinkDepth(model, shapes.types, depth)
    if (shrunk.dropped > 0) await verifyPruned(model, before, runtime)
    else declined.push({ rule: 'student-depth', node: null, reason: whyWhole(shrunk.blocks) })
    details = { ...details, ...shrunk }
  }
  if (width < 1) {
    const options = {
      importance: 'magnitude',
      norm: 'l2',
      amount: { kind: 'sparsity', value: 1 - width },
      scope: { kind: 'layer' },
      limits: { minChannels: 1, channelMultiple: 1 },
      excludedLayers: [],
      // The stream of a transformer gets narrower, too: training makes up for it.
      normalizedAxes: 'refit',
      repair: feeds !== 'none',
      seed: 0,
    } as const
    const pruned = await pruneChannels(model, options, feeds, runtime)
    declined.push(...pruned.declined)
    details = { ...details, ...pruned.details }
  }
  return { details, declined }
}

function whyWhole(blocks: number): string {
  return blocks === 0
    ? 'there is no residual block that could be left out'
    : `none of the ${blocks} residual blocks goes at this share: stages have too few of them`
}
