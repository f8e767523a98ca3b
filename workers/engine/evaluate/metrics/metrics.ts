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
