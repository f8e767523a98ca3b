// Masks of layers that are too large for exact removal, by SparseGPT: columns are passed once, for all rows together.

import { withInverse } from './exact-masks.ts'
import type { LayerAmount } from './exact-masks.ts'
import { optimum } from './exact-obs.ts'
import type { LayerFit } from './layer-fit.ts'
import { fractionChoice, nmChoice } from './obs-choices.ts'
import { obsFactor, pruneByObs } from './sparse-obs.ts'

/** Weights of each group that are made up for what went, [rows, inputs]; what went is 0. `null` where H cannot be inverted. */
export function prunedByBlocks(
  fits: readonly LayerFit[],
  amount: LayerAmount,
): Float64Array[] | null {
  const pruned: Float64Array[] = []
  for (const { fit, inverse } of withInverse(fits) ?? []) {
    const { rows, inputs, hessian, weights } = fit
    const choice =
      amount.kind === 'n_m'
        ? nmChoice(amount.n, amount.m, inputs, amount.window)
        : fractionChoice(amount.fraction, inputs)
    const factor = obsFactor(hessian, choice.blocks.flat())
    if (factor === null) return null
    const best = optimum(fit, inverse)
    // What is 0 already goes first.
    const values = Float32Array.from(best, (_, at) => {
      const place = (at % rows) * inputs + Math.floor(at / rows)
      return weights[place] === 0 ? 0 : (best[place] ?? 0)
    })
    pruneByObs({ values, rows, columns: inputs }, factor, choice)
    pruned.push(
      Float64Array.from(best, (_, at) => {
        return weights[at] === 0 ? 0 : (values[(at % inputs) * rows + Math.floor(at / inputs)] ?? 0)
      }),
    )
  }
  return pruned.length === fits.length ? pruned : null
}
