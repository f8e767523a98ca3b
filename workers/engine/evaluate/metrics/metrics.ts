// Every task metric by its name in the recipe.

import { auc } from './auc.ts'
import { f1Macro } from './f1-macro.ts'
import { mae, mse } from './mean-error.ts'
import type { Metric } from './metric.ts'
import { r2 } from './r2.ts'
import { top1, top5 } from './top-k.ts'

export const METRICS = {
  top1,
  top5,
  f1_macro: f1Macro,
  auc,
  mse,
  mae,
  r2,
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof METRICS

/** What a reader must know of a metric, those of pictures and boxes included. */
export interface MetricTraits {
  readonly higherIsBetter: boolean
  /** A drop that nobody notices. */
  readonly smallDrop: number
}

const SMALL_DROP = 0.005
const OF_SCORES = Object.fromEntries(
  Object.entries(METRICS).map(([name, { higherIsBetter }]) => [
    name,
    { higherIsBetter, smallDrop: SMALL_DROP },
  ]),
) as Record<MetricName, MetricTraits>
const SHARE: MetricTraits = { higherIsBetter: true, smallDrop: SMALL_DROP }

export const METRIC_TRAITS = {
  ...OF_SCORES,
  miou: SHARE,
  map: SHARE,
  map50: SHARE,
  ssim: SHARE,
  // In dB.
  psnr: { higherIsBetter: true, smallDrop: 0.1 },
} as const satisfies Record<string, MetricTraits>

export type TaskMetric = keyof typeof METRIC_TRAITS
