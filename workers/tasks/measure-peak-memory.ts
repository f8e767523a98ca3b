// Peak memory of each model alone: only a process that does nothing else can tell.

import type { ModelMeasures, Report } from '#src/domain/report'
import { ChildFailure } from '#workers/sandbox/child-failure'
import type { ChildPool } from '#workers/sandbox/pool'
import type { CompressResult, ProbeRequest, ProbeResult } from '#workers/sandbox/protocol'

const FIELD = 'peak_memory_bytes'

/** The report with peak memory of both models, or with the reason why there is none. */
export async function measurePeakMemory(
  children: ChildPool,
  { report, probes }: CompressResult,
  signal: AbortSignal,
): Promise<Report> {
  if (probes === null) return report
  const [original, compressed] = await Promise.all([
    probe(children, probes.original, signal),
    probe(children, probes.compressed, signal),
  ])
  const ratio =
    typeof original === 'number' && typeof compressed === 'number' ? compressed / original : null
  return {
    ...report,
    original: withPeak(report.original, original),
    compressed: withPeak(report.compressed, compressed),
    change: { ...report.change, peak_memory_ratio: ratio },
  }
}

/** Bytes, or why there are none. */
async function probe(
  children: ChildPool,
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<number | string> {
  const child = await children.acquire('probe')
  try {
    const result = (await child.run(request, { signal })) as ProbeResult
    return result.peakMemoryBytes
  } catch (error) {
    if (error instanceof ChildFailure) return error.detail
    throw error
  } finally {
    void child.dispose().catch(() => undefined)
  }
}

function withPeak(measures: ModelMeasures, peak: number | string): ModelMeasures {
  const { [FIELD]: _, ...unavailable } = measures.unavailable
  if (typeof peak === 'number') return { ...measures, peak_memory_bytes: peak, unavailable }
  return { ...measures, peak_memory_bytes: null, unavailable: { ...unavailable, [FIELD]: peak } }
}
