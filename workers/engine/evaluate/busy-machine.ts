// Whether the timed runs waited for a processor that others used: then their latency says little of the models.

import type { ModelMeasures, ReportWarning } from '#src/domain/report'
import type { Provider } from '../runtime/runtime.ts'

/** One thread computes as long as it runs; beyond this many times as long, it waited. */
const WAITING = 1.5

export function busyWarnings(
  models: readonly [original: ModelMeasures, compressed: ModelMeasures],
  provider: Provider,
): ReportWarning[] {
  const waits = models.map(({ latency_ms: latency, cpu_ms_per_inference: cpu }) => {
    // Several threads, or an accelerator, are waited for on a machine at rest too.
    if (latency === null || cpu === null || latency.threads > 1 || provider !== 'cpu') return 1
    return latency.p50 / cpu
  })
  if (Math.max(...waits) <= WAITING) return []
  const [original, compressed] = models
  const figures = models.map(
    ({ latency_ms: latency, cpu_ms_per_inference: cpu }) =>
      `${(latency?.p50 ?? 0).toFixed(3)} ms for ${(cpu ?? 0).toFixed(3)} ms of work`,
  )
  const ratio = (original.cpu_ms_per_inference ?? 0) / (compressed.cpu_ms_per_inference ?? 1)
  const detail = `the runs waited for a processor: the original took ${figures[0]}, the compressed model ${figures[1]}; by the work alone it is ${ratio.toFixed(2)} × as fast`
  return [{ code: 'busy_machine', detail }]
}
