// Repair after channel pruning from unlabelled data: weights before the removal, statistics behind it.

import type { Declined } from '../../rewrite/pass.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ImportanceContext } from '../importance/importance.ts'
import type { KeptIndices } from '../kept-indices.ts'
import type { AxisTrace } from '../trace-axes.ts'
import type { Feeds } from '../verify-pruned.ts'
import { biasedLayers, layerMeans } from './layer-means.ts'
import { refitWeights } from './refit-weights.ts'
import type { RestoredStatistics } from './restore-statistics.ts'
import { restoreStatistics } from './restore-statistics.ts'

/** A mean over fewer samples is no mean. */
const LEAST_BATCH = 8

export function tellsMeans([first]: readonly Feeds[]): boolean {
  const sizes = Object.values(first ?? {}).map(({ dims }) => dims[0] ?? 1)
  return Math.max(0, ...sizes) >= LEAST_BATCH
}

export interface Repaired {
  readonly details: RestoredStatistics & { readonly refitted: number }
  readonly declined: readonly Declined[]
}

export interface Repair {
  /** Once the indices are gone. */
  finish(): Promise<Repaired>
}

/** Looks at the model as it was and fits its weights; a word where nothing can be done. */
export async function startRepair(
  trace: AxisTrace,
  kept: KeptIndices,
  feeds: ImportanceContext['feeds'],
  runtime: Runtime,
): Promise<Repair | string> {
  if (feeds === 'none') return 'there is no calibration dataset'
  const batches: Feeds[] = []
  for await (const batch of feeds) batches.push(batch)
  const hasMeans = tellsMeans(batches)
  const { model } = trace
  const means = hasMeans ? await layerMeans(model, batches, runtime) : new Map()
  const targets = keptMeans(trace, kept, means)
  const refit = await refitWeights(trace, kept, batches, runtime)
  const finish = async (): Promise<Repaired> => {
    if (!hasMeans) {
      const reason = `statistics stay: batches hold fewer than ${LEAST_BATCH} samples`
      const declined = [...refit.declined, { rule: 'restore-statistics', node: null, reason }]
      return { details: { refitted: refit.layers, batch_norms: 0, biases: 0 }, declined }
    }
    const restored = await restoreStatistics(model, targets, batches, runtime)
    return { details: { refitted: refit.layers, ...restored }, declined: refit.declined }
  }
  return { finish }
}

function keptMeans(
  trace: AxisTrace,
  kept: KeptIndices,
  means: ReadonlyMap<string, Float64Array>,
): Map<string, Float64Array> {
  const targets = new Map<string, Float64Array>()
  for (const { label, bias } of biasedLayers(trace.model)) {
    const mean = means.get(label)
    const [labels] = trace.axesOf(bias)
    if (mean === undefined || labels?.size !== mean.length) continue
    targets.set(
      label,
      Float64Array.from(kept.of(labels), (index) => mean[index] ?? 0),
    )
  }
  return targets
}
