// Every metric by the name the recipe gives it.

import { auc } from './auc.ts'
import { f1Macro } from './f1-macro.ts'
import type { Metric } from './metric.ts'
import { mae, mse, r2 } from './regression.ts'
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
