// How close a model's outputs are to the original's: share of equal decisions, and
// SQNR = 10·log₁₀(Σ y² / Σ (y − ŷ)²) in dB over all floating-point outputs.

import type { RuntimeTensor } from '../runtime/runtime.ts'
import { decisions } from './metrics/metric.ts'

type Outputs = Readonly<Record<string, RuntimeTensor>>

export interface Fidelity {
  readonly agreement: number | null
  readonly sqnrDb: number | null
  /** Why a figure is null, by the name it has in the report. */
  readonly unavailable: Readonly<Record<string, string>>
}

export class FidelityAccumulator {
  #signal = 0
  #noise = 0
  #equal = 0
  #decided = 0
  readonly #decisive: string | null

  /** `decisive`: the output that decides (scores per class); `null` when none does. */
  constructor(decisive: string | null) {
    this.#decisive = decisive
  }

  add(original: Outputs, other: Outputs): void {
    for (const [name, { dtype, data }] of Object.entries(original)) {
      if (dtype !== 'float32' && dtype !== 'float64') continue
      const compared = other[name]?.data
      for (let index = 0; index < data.length; index += 1) {
        const value = Number(data[index])
        const difference = value - Number(compared?.[index])
        // Infinite scores, as masks write them, carry no signal; equal ones are no noise.
        if (!Number.isFinite(value)) continue
        this.#signal += value * value
        this.#noise += difference * difference
      }
    }
    const decisive = this.#decisive === null ? undefined : original[this.#decisive]
    const compared = this.#decisive === null ? undefined : other[this.#decisive]
    if (decisive === undefined || compared === undefined) return
    const chosen = decisions(compared)
    decisions(decisive).forEach((decision, row) => {
      this.#decided += 1
      this.#equal += Number(decision === chosen[row])
    })
  }

  result(): Fidelity {
    const unavailable: Record<string, string> = {}
    const agreement = this.#decided === 0 ? null : this.#equal / this.#decided
    if (agreement === null) unavailable['agreement'] = 'no output holds one score per class'
    const ratio = this.#signal / this.#noise
    const sqnrDb = Number.isFinite(ratio) && ratio > 0 ? 10 * Math.log10(ratio) : null
    if (sqnrDb === null) {
      unavailable['sqnr_db'] =
        this.#noise === 0 ? 'the outputs are equal' : 'the outputs hold no finite signal'
    }
    return { agreement, sqnrDb, unavailable }
  }
}
