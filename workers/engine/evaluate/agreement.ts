// Share of decisions that equal the original's. A decision is the largest element along the last axis.

import { decisionOf } from './metrics/decision.ts'

export interface AgreementRun {
  add(reference: ArrayLike<number>, actual: ArrayLike<number>, width: number): void
  /** `null` when nothing was decided: outputs without an axis of alternatives. */
  value(): number | null
}

export function startAgreement(): AgreementRun {
  let equal = 0
  let decided = 0
  return {
    add: (reference, actual, width) => {
      if (width < 2) return
      const rows = reference.length / width
      for (let row = 0; row < rows; row += 1) {
        const wanted = decisionOf(reference, row, width, false)
        if (decisionOf(actual, row, width, false) === wanted) equal += 1
      }
      decided += rows
    },
    value: () => (decided === 0 ? null : equal / decided),
  }
}
