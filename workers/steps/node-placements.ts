// Where the nodes of the compressed model ran, as the runtime's own trace tells.

import type { NodeRun, Provider, Runtime, RuntimeTensor } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import type { JobSpec } from '#src/recipes/job-spec'
import type { Fallback, Placement } from '#src/domain/report'
import type { ChosenProviders } from './choose-providers.ts'

type ProviderPlacement = Placement & { readonly provider: Provider }

export interface Placements {
  readonly timing: ProviderPlacement
  readonly evaluation: ProviderPlacement
  readonly fallback: Fallback | 'none'
}

export interface PlacementQuestion {
  readonly paths: readonly [string, string]
  readonly runtime: Runtime
  readonly spec: JobSpec
  readonly scratch: string
}

/** Runs the model once more for each accelerator. `feeds`: a text where there are none, and then nothing ran but on the CPU. */
export async function nodePlacements(
  { timing, evaluation, fallback }: ChosenProviders,
  feeds: Readonly<Record<string, RuntimeTensor>> | string,
  question: PlacementQuestion,
): Promise<Placements> {
  const timed = await placementOn(timing, feeds, question)
  const judged = evaluation === timing ? timed : await placementOn(evaluation, feeds, question)
  return { timing: timed, evaluation: judged, fallback }
}

async function placementOn(
  provider: Provider,
  feeds: Readonly<Record<string, RuntimeTensor>> | string,
  { paths: [, compressed], runtime, spec, scratch }: PlacementQuestion,
): Promise<ProviderPlacement> {
  // A session with no other provider runs every node on the CPU.
  if (provider === 'cpu') return { provider, nodes_by_provider: { cpu: 1 } }
  if (typeof feeds === 'string') return { provider, nodes_by_provider: null }
  const options = {
    provider,
    threads: spec.evaluation.latency.threads,
    optimization: 'all',
  } as const
  try {
    const nodes = await runtime.trace(compressed, options, feeds, scratch)
    return { provider, nodes_by_provider: sharesOf(nodes) }
  } catch (error) {
    if (error instanceof RuntimeRejection) return { provider, nodes_by_provider: null }
    throw error
  }
}

function sharesOf(nodes: readonly NodeRun[]): Record<string, number> | null {
  if (nodes.length === 0) return null
  const counts: Record<string, number> = {}
  for (const { provider } of nodes) counts[provider] = (counts[provider] ?? 0) + 1
  return Object.fromEntries(
    Object.entries(counts).map(([provider, count]) => [provider, count / nodes.length]),
  )
}
