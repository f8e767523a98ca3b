// Mixed precision: puts layers back to float, those first that hurt most per millisecond they save, until little enough is lost.

import type { RestoredWeights, StaticCandidate } from './build-candidate.ts'
import type { CandidateMeasures } from './choose-candidate.ts'
import type { StaticCandidates } from './static-candidates.ts'

export interface RestoredCandidate {
  readonly candidate: StaticCandidate
  readonly measures: CandidateMeasures
  /** Nodes that compute in float again. */
  readonly names: readonly string[]
  /** For the report: what was tried and why. */
  readonly details: Readonly<Record<string, unknown>>
}

/** Neighbouring layers are restored together: each change of number format costs time, and so does each trial. */
const GROUPS = 8

/** Saving less than this counts as this, in nanoseconds. */
const LEAST_SAVING = 1000

interface Group {
  readonly names: readonly string[]
  /** Nanoseconds by the cost table. */
  readonly saved: number
}

/**
 * `measure` tells speed and loss of a candidate as the caller judges them. Ends when no group lessens the noise any more.
 * `weights`: how those of restored layers are stored.
 */
export async function restoreLayers(
  made: StaticCandidates,
  candidate: StaticCandidate,
  weights: RestoredWeights,
  maxLoss: number,
  measure: (candidate: StaticCandidate) => Promise<CandidateMeasures>,
): Promise<RestoredCandidate> {
  const names: string[] = []
  const trials: Record<string, unknown>[] = []
  let [best, measures] = [candidate, await measure(candidate)]
  let open = groupsOf(made, candidate)
  // With the last group, nothing would be left on integers.
  while ((measures.loss ?? 0) > maxLoss && open.length > 1) {
    const worst = await worstOf(made, candidate, names, open)
    if (worst === null) break
    const { group, relief } = worst
    open = open.filter((other) => other !== group)
    names.push(...group.names)
    best = await made.restore(candidate, new Set(names), weights)
    measures = await measure(best)
    trials.push({
      layers: group.names,
      milliseconds_saved: group.saved / 1e6,
      noise_relief_db: decibels(relief),
      loss: measures.loss,
      speedup: measures.speedup,
    })
  }
  return { candidate: best, measures, names, details: { restored: names, weights, trials } }
}

function groupsOf(made: StaticCandidates, candidate: StaticCandidate): Group[] {
  const savings = [...made.savings(candidate)]
  const size = Math.ceil(savings.length / GROUPS)
  const groups: Group[] = []
  for (let start = 0; start < savings.length; start += size) {
    const part = savings.slice(start, start + size)
    const saved = part.reduce((sum, [, saving]) => sum + saving, 0)
    groups.push({ names: part.map(([name]) => name), saved })
  }
  return groups
}

/** The group that hurts most per nanosecond saved, beside those restored already; `null` when none hurts. */
async function worstOf(
  made: StaticCandidates,
  candidate: StaticCandidate,
  restored: readonly string[],
  groups: readonly Group[],
): Promise<{ readonly group: Group; readonly relief: number } | null> {
  const whole = await made.noise(candidate, new Set(restored))
  let worst: { readonly group: Group; readonly relief: number } | null = null
  let most = 0
  for (const group of groups) {
    const relief = whole - (await made.noise(candidate, new Set([...restored, ...group.names])))
    const worth = relief / Math.max(LEAST_SAVING, group.saved)
    if (worth <= most) continue
    most = worth
    worst = { group, relief }
  }
  return worst
}

/** 10·log10 of noise ÷ signal; `null` where nothing is gained. */
function decibels(noise: number): number | null {
  return noise > 0 ? 10 * Math.log10(noise) : null
}
