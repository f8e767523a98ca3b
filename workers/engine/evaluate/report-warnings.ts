// What a reader of the report must not overlook.

import type { ChangeMeasures, ModelMeasures, ReportWarning } from '#src/domain/report'

/** Medians closer than this share are called equal. */
const NOISE = 0.02
/** Share of the original's quality that may go unmentioned. */
const LOSS = 0.01

export function reportWarnings(
  original: ModelMeasures,
  compressed: ModelMeasures,
  change: ChangeMeasures,
): ReportWarning[] {
  const warnings: ReportWarning[] = []
  const isLarger = compressed.size_bytes >= original.size_bytes
  const isSlower = change.speedup !== null && change.speedup < 1 - NOISE
  const sizes = `${original.size_bytes} bytes before, ${compressed.size_bytes} after`
  const speed = change.speedup === null ? '' : `${change.speedup.toFixed(2)} × as fast`
  if (isSlower) {
    warnings.push({ code: 'slower_than_original', detail: `${speed} as the original` })
  }
  if (isLarger) warnings.push({ code: 'larger_than_original', detail: sizes })
  if (isLarger || isSlower) {
    const figures = [sizes, speed].filter((text) => text !== '').join('; ')
    warnings.push({
      code: 'no_gain',
      detail: `${isLarger ? 'it is not smaller' : 'it is not faster'} than the original: ${figures}`,
    })
  }
  const worse = qualityLoss(original, compressed, change)
  return worse === null ? warnings : [...warnings, worse]
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
