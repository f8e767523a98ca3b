// Keeps, of several quantized forms of a model, the fastest that is accurate enough. What fast and accurate mean is measured by
// the caller: this host, these threads, this data.

import type { StaticCandidate } from './build-candidate.ts'

export interface CandidateMeasures {
  /** Latency of the float model divided by that of the candidate, runs interleaved. */
  readonly speedup: number
  /** Loss of quality in the caller's unit; `null` when there is nothing to measure it with. */
  readonly loss: number | null
}

export interface ChoiceRules {
  /** The largest loss accepted. */
  readonly maxLoss: number
  /** Speedups closer than this share count as equal: the earlier candidate wins. */
  readonly noise: number
  /**
   * What integer kernels must gain over float ones: with more threads than were timed, or on another day, they gain less, and
   * float is what the model computed before.
   */
  readonly leastGain: number
}

export interface Choice {
  readonly candidate: StaticCandidate
  readonly measures: readonly (CandidateMeasures & { readonly placement: string })[]
  /** Why this one. */
  readonly reason: string
}

export const DEFAULT_RULES: ChoiceRules = { maxLoss: 0.005, noise: 0.02, leastGain: 1.05 }

/**
 * Measures all, one after the other. Where none is accurate enough, the one that loses least is kept.
 * @throws RangeError without candidates
 */
export async function chooseCandidate(
  candidates: readonly StaticCandidate[],
  measure: (candidate: StaticCandidate) => Promise<CandidateMeasures>,
  rules: ChoiceRules = DEFAULT_RULES,
): Promise<Choice> {
  const measured: { candidate: StaticCandidate; measures: CandidateMeasures }[] = []
  for (const candidate of candidates) {
    measured.push({ candidate, measures: await measure(candidate) })
  }
  const [first] = measured
  if (first === undefined) throw new RangeError('there is no candidate to choose from')
  const measures = measured.map((item) => ({
    placement: item.candidate.placement,
    ...item.measures,
  }))
  const accurate = measured.filter((item) => (item.measures.loss ?? 0) <= rules.maxLoss)
  const [firstAccurate] = accurate
  if (firstAccurate === undefined) {
    const best = measured.reduce((one, other) => {
      return (other.measures.loss ?? 0) < (one.measures.loss ?? 0) ? other : one
    }, first)
    return {
      candidate: best.candidate,
      measures,
      reason: 'none is accurate enough: the least loss',
    }
  }
  const best = accurate.reduce((one, other) => {
    const gain = other.measures.speedup / one.measures.speedup
    return gain > 1 + rules.noise ? other : one
  }, firstAccurate)
  const float = accurate.find((item) => item.candidate.integerNodes.length === 0)
  const gain = best.measures.speedup / (float ?? best).measures.speedup
  if (float !== undefined && best !== float && gain < rules.leastGain) {
    const reason = `integer kernels gain less than ${rules.leastGain} times`
    return { candidate: float.candidate, measures, reason }
  }
  return { candidate: best.candidate, measures, reason: 'the fastest that is accurate enough' }
}
