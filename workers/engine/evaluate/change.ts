// What compression changed: ratios of the original's figures and the compressed model's.

import type { ChangeMeasures, ModelMeasures } from '#src/domain/report'

/** `higherIsBetter` of the metric both were judged by. */
export function changeMeasures(
  original: ModelMeasures,
  compressed: ModelMeasures,
  higherIsBetter: boolean,
): ChangeMeasures {
  const before = original.quality?.value ?? null
  const after = compressed.quality?.value ?? null
  const isJudged = before !== null && after !== null
  return {
    compression_ratio: original.size_bytes / compressed.size_bytes,
    transfer_compression_ratio: original.transfer_bytes / compressed.transfer_bytes,
    parameter_reduction: reduction(original.parameters, compressed.parameters),
    macs_reduction:
      original.macs === null || compressed.macs === null
        ? null
        : reduction(original.macs, compressed.macs),
    speedup:
      original.latency_ms === null || compressed.latency_ms === null
        ? null
        : original.latency_ms.p50 / compressed.latency_ms.p50,
    metric_drop: isJudged ? (higherIsBetter ? before - after : after - before) : null,
    accuracy_retention: isJudged && higherIsBetter && before !== 0 ? after / before : null,
    peak_memory_ratio: null,
  }
}

/** Share that is gone. */
function reduction(before: number, after: number): number {
  return before === 0 ? 0 : 1 - after / before
}
