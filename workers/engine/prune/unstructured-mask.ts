// Unstructured masks: the least important elements of the whole model, or of each layer.

import { labelOf } from '../rewrite/pass.ts'
import type { Scope } from './choose-removed.ts'
import type { MaskRule, ScoredWeight } from './weight-masks.ts'

export type MaskAmount =
  | { readonly kind: 'sparsity'; readonly value: number }
  | { readonly kind: 'threshold'; readonly value: number }

/** Elements as important as the last one that goes stay: at most the fraction asked for goes. */
export function unstructuredMask(scope: Scope, amount: MaskAmount): MaskRule {
  return (weights) => {
    if (amount.kind === 'threshold') {
      return weights.map(({ scores }) => maskBelow(scores, amount.value))
    }
    if (scope.kind === 'global') {
      const bound = boundOf(
        weights.map(({ scores }) => scores),
        amount.value,
      )
      return weights.map(({ scores }) => maskBelow(scores, bound))
    }
    return weights.map((weight) => {
      const fraction = fractionOf(weight, scope, amount.value)
      return maskBelow(weight.scores, boundOf([weight.scores], fraction))
    })
  }
}

function fractionOf({ reading }: ScoredWeight, scope: Scope, fallback: number): number {
  if (scope.kind !== 'per_layer') return fallback
  return scope.fractions.get(labelOf(reading.node)) ?? fallback
}

/** The importance below which this fraction lies. */
function boundOf(scores: readonly Float32Array[], fraction: number): number {
  const count = scores.reduce((sum, own) => sum + own.length, 0)
  const all = new Float32Array(count)
  let at = 0
  for (const own of scores) {
    all.set(own, at)
    at += own.length
  }
  all.sort()
  return all[Math.round(count * fraction)] ?? Number.POSITIVE_INFINITY
}

function maskBelow(scores: Float32Array, bound: number): Uint8Array {
  return Uint8Array.from(scores, (score) => (score < bound ? 0 : 1))
}
