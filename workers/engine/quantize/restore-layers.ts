// Mixed precision: puts layers back to float, those first that hurt most per millisecond they save, until little enough is lost.

import type { StaticCandidate } from './build-candidate.ts'
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
  /** Noise ÷ signal that the outputs lose with the group in float. */
  readonly relief: number
}

/** `measure` tells speed and loss of a candidate as the caller judges them. */
export async function restoreLayers(
  made: StaticCandidates,
  candidate: StaticCandidate,
  maxLoss: number,
  measure: (candidate: StaticCandidate) => Promise<CandidateMeasures>,
): Promise<RestoredCandidate> {
  const groups = await rankedGroups(made, candidate)
  const names: string[] = []
  const trials: Record<string, unknown>[] = []
  let [best, measures] = [candidate, await measure(candidate)]
  for (const group of groups) {
    if ((measures.loss ?? 0) <= maxLoss) break
    names.push(...group.names)
    best = await made.restore(candidate, new Set(names))
    measures = await measure(best)
    trials.push({
      layers: group.names,
      milliseconds_saved: group.saved / 1e6,
      noise_relief_db: decibels(group.relief),
      loss: measures.loss,
      speedup: measures.speedup,
    })
  }
  return { candidate: best, measures, names, details: { restored: names, trials } }
}

async function rankedGroups(made: StaticCandidates, candidate: StaticCandidate): Promise<Group[]> {
  const savings = [...made.savings(candidate)]
  const size = Math.ceil(savings.length / GROUPS)
  const whole = await made.noise(candidate, new Set())
  const groups: Group[] = []
  for (let start = 0; start < savings.length; start += size) {
    const part = savings.slice(start, start + size)
    const names = part.map(([name]) => name)
    const saved = part.reduce((sum, [, saving]) => sum + saving, 0)
    const relief = whole - (await made.noise(candidate, new Set(names)))
    groups.push({ names, saved, relief })
  }
  const worth = ({ saved, relief }: Group): number => relief / Math.max(LEAST_SAVING, saved)
  return groups.toSorted((one, other) => worth(other) - worth(one))
}

/** 10·log10 of noise ÷ signal; `null` where nothing is gained. */
function decibels(noise: number): number | null {
  return noise > 0 ? 10 * Math.log10(noise) : null
}
