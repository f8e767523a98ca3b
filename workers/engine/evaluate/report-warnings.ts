// What a reader of the report must not overlook.

import type { ChangeMeasures, ModelMeasures, ReportWarning } from '#src/domain/report'

/** Medians closer than this share are called equal, however steady they are. */
const NOISE = 0.02
/** Medians this far apart never are, however few and unsteady the runs. */
const MOST_NOISE = 0.2
/** Of the normal distribution: its 95th percentile in deviations, and the error of a median in errors of a mean. */
const P95_DEVIATIONS = 1.645
const MEDIAN_ERROR = 1.253
/** Share of the original's quality that may go unmentioned. */
const LOSS = 0.01

export function reportWarnings(
  original: ModelMeasures,
  compressed: ModelMeasures,
  change: ChangeMeasures,
): ReportWarning[] {
  const warnings: ReportWarning[] = []
  const isSmaller = compressed.size_bytes < original.size_bytes
  const isLarger = compressed.size_bytes > original.size_bytes
  const isSlower = change.speedup !== null && change.speedup < 1 - noiseOf(original, compressed)
  const sizes = `${original.size_bytes} bytes before, ${compressed.size_bytes} after`
  const speed = change.speedup === null ? '' : `${change.speedup.toFixed(2)} × as fast`
  if (isSlower) {
    warnings.push({ code: 'slower_than_original', detail: `${speed} as the original` })
  }
  if (isLarger) warnings.push({ code: 'larger_than_original', detail: sizes })
  if (!isSmaller || isSlower) {
    const figures = [sizes, speed].filter((text) => text !== '').join('; ')
    warnings.push({
      code: 'no_gain',
      detail: `${isSmaller ? 'it is not faster' : 'it is not smaller'} than the original: ${figures}`,
    })
  }
  const worse = qualityLoss(original, compressed, change)
  return worse === null ? warnings : [...warnings, worse]
}

/** Two standard errors of the ratio of both medians. */
function noiseOf(...models: readonly ModelMeasures[]): number {
  const errors = models.map(({ latency_ms: latency }) => {
    if (latency === null) return 0
    const deviation = (latency.p95 - latency.p50) / P95_DEVIATIONS / latency.p50
    return (MEDIAN_ERROR * deviation) / Math.sqrt(latency.runs)
  })
  return Math.min(MOST_NOISE, Math.max(NOISE, 2 * Math.hypot(...errors)))
}

function qualityLoss(
  { quality: before }: ModelMeasures,
  { quality: after }: ModelMeasures,
  { metric_drop: drop }: ChangeMeasures,
): ReportWarning | null {
  if (before === null || after === null || drop === null) return null
  if (drop <= LOSS * Math.abs(before.value)) return null
  const [was, is] = [before.value, after.value].map((value) => value.toPrecision(4))
  const detail = `${before.metric} ${is}, ${was} before, on ${after.samples} samples`
  return { code: 'quality_loss', detail }
}
