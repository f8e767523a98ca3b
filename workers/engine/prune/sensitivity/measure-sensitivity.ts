// What a model loses when one group of channels alone is pruned, at several ratios, without anything trained or repaired.

import type { Runtime, RuntimeSession } from '../../runtime/runtime.ts'
import type { GradientTask } from '../../train/gradient-batches.ts'
import type { UnitScores } from '../importance/importance.ts'
import type { AxisTrace } from '../trace-axes.ts'
import type { Unit } from '../units.ts'
import { maskedIncidences, openMaskedSessions } from './masked-sessions.ts'

export interface SessionJudgement {
  /** `null` without labels. */
  readonly quality: number | null
  /** By how much it is worse than the first session. */
  readonly drop: number | null
  /** √(Σ(a − b)² ÷ Σa²) of the outputs against those of the first session. */
  readonly outputError: number
}

export interface SensitivityTask {
  /** Rising. */
  readonly ratios: readonly number[]
  /** Judges the sessions against the first of them. */
  readonly judge: (sessions: readonly RuntimeSession[]) => Promise<readonly SessionJudgement[]>
  /** The model against what it says itself, where curvatures are to be told as well. */
  readonly curvature: GradientTask | 'none'
}

export interface SensitivityPoint extends SessionJudgement {
  readonly ratio: number
  readonly removed: number
}

export interface Sensitivity {
  /** Of the model as it is. */
  readonly quality: number | null
  /** For each unit, in order. */
  readonly units: readonly (readonly SensitivityPoint[])[]
}

/** The least important atoms of each unit go. @throws RuntimeRejection */
export async function measureSensitivity(
  trace: AxisTrace,
  units: readonly Unit[],
  scores: readonly UnitScores[],
  { ratios, judge }: SensitivityTask,
  runtime: Runtime,
): Promise<Sensitivity> {
  const incidences = maskedIncidences(trace.model, units)
  const sessions = await openMaskedSessions(trace, incidences.flat(), runtime)
  try {
    let quality: number | null = null
    const measured: SensitivityPoint[][] = []
    for (const [index, unit] of units.entries()) {
      const counts = ratios.map((ratio) => Math.round(unit.atoms.length * ratio))
      const variants = counts.map((count) => {
        const removed = new Set(leastImportant(unit, scores[index], count))
        return sessions.masked(incidences[index] ?? [], removed)
      })
      const [whole, ...found] = await judge([sessions.whole, ...variants])
      quality = whole?.quality ?? null
      measured.push(
        found.map((judgement, at) => {
          return { ...judgement, ratio: ratios[at] ?? 0, removed: counts[at] ?? 0 }
        }),
      )
    }
    return { quality, units: measured }
  } finally {
    await sessions.release()
  }
}

function leastImportant({ atoms }: Unit, scores: UnitScores | undefined, count: number): number[] {
  const order = atoms.map((atom, index) => ({ atom, score: scores?.relative[index] ?? 1 }))
  order.sort((one, other) => one.score - other.score)
  return order.slice(0, count).map(({ atom }) => atom)
}
