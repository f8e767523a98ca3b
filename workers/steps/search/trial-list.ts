// The trials of a search as the report lists them.

import type { Figures, Limits, Miss } from '#engine/search/limits'
import { missedLimits, shortfall } from '#engine/search/limits'
import type { StepSearch } from '#src/domain/step-search'
import type { Step } from '#src/recipes/step'
import type { Tried } from './trial.ts'

type TrialReport = StepSearch['trials'][number]

const NO_FIGURES = { size_bytes: null, speedup: null, loss: null }

export class TrialList {
  readonly #trials: TrialReport[] = []

  get reports(): readonly TrialReport[] {
    return this.#trials
  }

  refused(name: string, steps: readonly Step[], reason: string): void {
    this.#trials.push({ name, steps: listed(steps), outcome: 'refused', reason, ...NO_FIGURES })
  }

  notTried(name: string, steps: readonly Step[], reason: string): void {
    this.#trials.push({ name, steps: listed(steps), outcome: 'not_tried', reason, ...NO_FIGURES })
  }

  tried(name: string, steps: readonly Step[], { figures, unit }: Tried, limits: Limits): void {
    const misses = missedLimits(limits, figures)
    this.#trials.push({
      name,
      steps: listed(steps),
      outcome: shortfall(limits, figures) === 0 ? 'passed' : 'missed',
      reason: misses.map((miss) => wordsOf(miss, limits, figures, unit)).join('; ') || 'none',
      size_bytes: figures.bytes,
      speedup: figures.speedup,
      loss: figures.loss,
    })
  }

  /** As they were before, but for the one that is handed back. */
  withChosen(name: string): TrialReport[] {
    return this.#trials.map((trial) =>
      trial.name === name ? { ...trial, outcome: 'chosen' as const } : trial,
    )
  }
}

/** Such as `loses 0.034, where 0.01 may be lost (drop of top1)`. */
function wordsOf({ limit }: Miss, limits: Limits, figures: Figures, unit: string): string {
  switch (limit) {
    case 'maxLoss':
      return `loses ${short(figures.loss)}, where ${limits.maxLoss} ${limits.isLossNamed ? 'may be lost' : 'counts as nothing'} (${unit})`
    case 'maxBytes':
      return `has ${figures.bytes} bytes, where ${String(limits.maxBytes)} are allowed`
    case 'minSpeedup':
      return `is ${short(figures.speedup)} times as fast, where ${String(limits.minSpeedup)} is asked for and timings differ by 2 %`
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}

function listed(steps: readonly Step[]): Record<string, unknown>[] {
  return steps.map((step) => ({ ...step }))
}
