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

/**
 * Neighbouring layers are restored together: each change of number format costs time, and so does each trial. In long models a
 * group of an eighth hides layers that hurt among others that do not.
 */
const GROUPS = { least: 8, most: 16 }
const LARGEST_GROUP = 8

/** Saving less than this counts as this, in nanoseconds. */
const LEAST_SAVING = 1000

/**
 * Half as many again each time. What metrics lose does not fall with every group: halving looks where too many are restored first,
 * and a chance there decides.
 */
function countsUpTo(most: number): number[] {
  const counts: number[] = []
  for (let count = 1; count <= most; count = Math.ceil(count * 1.5)) counts.push(count)
  return counts.at(-1) === most || most === 0 ? counts : [...counts, most]
}

interface Group {
  readonly names: readonly string[]
  /** Nanoseconds by the cost table. */
  readonly saved: number
}

/**
 * `measure` tells speed and loss of a candidate as the caller judges them. Groups are ranked by what each lessens the noise alone;
 * ever more of them are restored until little enough is lost. `weights`: how those of restored layers are stored.
 */
export async function restoreLayers(
  made: StaticCandidates,
  candidate: StaticCandidate,
  weights: RestoredWeights,
  maxLoss: number,
  measure: (candidate: StaticCandidate) => Promise<CandidateMeasures>,
): Promise<RestoredCandidate> {
  const trials: Record<string, unknown>[] = []
  const start = { candidate, measures: await measure(candidate), names: [] as string[] }
  const isMet = ({ loss }: CandidateMeasures): boolean => (loss ?? 0) <= maxLoss
  const ranked = isMet(start.measures) ? [] : await rank(made, candidate)
  const attempt = async (count: number): Promise<typeof start> => {
    const taken = ranked.slice(0, count)
    const names = taken.flatMap(({ group }) => group.names)
    const changed = await made.restore(candidate, new Set(names), weights)
    const measures = await measure(changed)
    trials.push({
      layers: names.length,
      milliseconds_saved: taken.reduce((sum, { group }) => sum + group.saved, 0) / 1e6,
      loss: measures.loss,
      speedup: measures.speedup,
    })
    return { candidate: changed, measures, names }
  }
  let best = start
  for (const count of countsUpTo(ranked.length)) {
    const tried = await attempt(count)
    const isLess = (tried.measures.loss ?? 0) < (best.measures.loss ?? 0)
    if (isMet(tried.measures) || isLess) best = tried
    if (isMet(tried.measures)) break
  }
  const ranking = ranked.map(({ group, relief }) => {
    return { layers: group.names, noise_relief_db: decibels(relief) }
  })
  const details = { restored: best.names, weights, ranking, trials }
  return { ...best, details }
}

function groupsOf(made: StaticCandidates, candidate: StaticCandidate): Group[] {
  const savings = [...made.savings(candidate)]
  const [largest, smallest] = [GROUPS.least, GROUPS.most].map((count) =>
    Math.ceil(savings.length / count),
  )
  const size = Math.max(smallest ?? 1, Math.min(largest ?? 1, LARGEST_GROUP))
  const groups: Group[] = []
  for (let start = 0; start < savings.length; start += size) {
    const part = savings.slice(start, start + size)
    const saved = part.reduce((sum, [, saving]) => sum + saving, 0)
    groups.push({ names: part.map(([name]) => name), saved })
  }
  return groups
}

interface Ranked {
  readonly group: Group
  readonly relief: number
}

/** Groups that hurt, those first that hurt most per nanosecond saved. One is left out where all hurt: the least of them. */
async function rank(made: StaticCandidates, candidate: StaticCandidate): Promise<Ranked[]> {
  const groups = groupsOf(made, candidate)
  if (groups.length < 2) return []
  const whole = await made.noise(candidate, new Set())
  const ranked: (Ranked & { readonly worth: number })[] = []
  for (const group of groups) {
    const relief = whole - (await made.noise(candidate, new Set(group.names)))
    const worth = relief / Math.max(LEAST_SAVING, group.saved)
    if (worth > 0) ranked.push({ group, relief, worth })
  }
  const sorted = ranked.toSorted((one, other) => other.worth - one.worth)
  return sorted.length === groups.length ? sorted.slice(0, -1) : sorted
}

/** 10·log10 of noise ÷ signal; `null` where nothing is gained. */
function decibels(noise: number): number | null {
  return noise > 0 ? 10 * Math.log10(noise) : null
}
