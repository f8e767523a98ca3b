// Step `prune`: in rounds, what is left trained after each where the step says so.

import { joinWhereFaster } from '#engine/prune/join-where-faster'
import { GradientRefusal } from '#engine/ops/gradient-call'
import { TersorError } from '#src/domain/errors'
import type { Model } from '#src/onnx/ir/model'
import type { PruneChannelStep, PruneStep } from '#src/recipes/prune'
import { finetuned } from './finetune.ts'
import type { ChannelHistory } from './prune-channel.ts'
import { amountOf, runPruneChannel } from './prune-channel.ts'
import { runPruneMasks } from './prune-masks.ts'
import type { PruneRound } from './prune-rounds.ts'
import { roundShares } from './prune-rounds.ts'
import type { StepContext, StepOutcome, StepRunner } from './step-outcome.ts'
import { partOf } from './step-outcome.ts'

/** Share of a round that prunes; the rest trains. */
const PRUNING = 0.2

export const runPrune: StepRunner<PruneStep> = async (model, step, context) => {
  const shares = roundShares(step, leftInTheEnd(step))
  const rounds: Readonly<Record<string, unknown>>[] = []
  let round: PruneRound<ChannelHistory> = { share: 1, history: null }
  let last: StepOutcome | null = null
  for (const [index, share] of shares.entries()) {
    const part = partOf(context, index / shares.length, (index + 1) / shares.length)
    if (shares.length > 1) context.log(`round ${index + 1} of ${shares.length}`)
    const { outcome, history } = await pruned(
      last?.model ?? model,
      step,
      { share, history: round.history },
      part,
    )
    round = { share, history }
    last = outcome
    const { groups: _groups, layers: _layers, ...figures } = outcome.details
    rounds.push({ share, ...figures })
  }
  if (last === null) throw new Error('a step of pruning has at least one round')
  const outcome = rounds.length === 1 ? last : { ...last, details: { ...last.details, rounds } }
  const isCut = rounds.some(({ removed }) => removed !== 0)
  return step.method === 'channel' && isCut
    ? await withGroupsJoined(outcome, step, context)
    : outcome
}

/** Counts that suit kernels are left to us, and no budget is to be kept: what multiplies more in less time is welcome. */
async function withGroupsJoined(
  outcome: StepOutcome,
  step: PruneChannelStep,
  { runtime, spec }: StepContext,
): Promise<StepOutcome> {
  const hasBudget = step.max_macs !== null || step.max_parameters !== null
  if (step.channel_multiple !== 'auto' || hasBudget) return outcome
  const { threads } = spec.evaluation.latency
  const excluded = step.excluded_layers
  const found = await joinWhereFaster(outcome.model, excluded, threads, runtime)
  const { model, joined } = found
  const declined = [...outcome.declined, ...found.declined]
  if (joined === null) return { ...outcome, declined }
  const told = { layers: joined.layers, times_as_fast: joined.timesAsFast }
  return { ...outcome, model, declined, details: { ...outcome.details, joined_groups: told } }
}

async function pruned(
  model: Model,
  step: PruneStep,
  round: PruneRound<ChannelHistory>,
  context: StepContext,
): Promise<{ readonly outcome: StepOutcome; readonly history: ChannelHistory | null }> {
  const { finetune } = step
  const part = finetune === null ? context : partOf(context, 0, PRUNING)
  const found = await onePass(model, step, round, part).catch((error: unknown) => {
    throw error instanceof GradientRefusal
      ? new TersorError('step_unsupported', error.message)
      : error
  })
  if (finetune === null) return found
  const outcome = await finetuned(found.outcome, finetune, partOf(context, PRUNING, 1))
  return { ...found, outcome }
}

async function onePass(
  model: Model,
  step: PruneStep,
  round: PruneRound<ChannelHistory>,
  context: StepContext,
): Promise<{ readonly outcome: StepOutcome; readonly history: ChannelHistory | null }> {
  if (step.method === 'channel') return await runPruneChannel(model, step, round, context)
  return { outcome: await runPruneMasks(model, step, round.share, context), history: null }
}

/** Of what the step counts: channels, weights, multiply-accumulates. */
function leftInTheEnd(step: PruneStep): number {
  if (step.method === 'n_m') return step.n / step.m
  if (step.method === 'unstructured') return 1 - (step.sparsity ?? 0.5)
  const { kind, value } = amountOf(step)
  return kind === 'sparsity' ? 1 - value : value
}
