// Everything measured of one model, in the form of the report.

import type { ModelMeasures } from '#src/domain/report'
import type { Judgement } from './judge.ts'
import type { Timing } from './latency.ts'
import type { StaticMeasures } from './static-measures.ts'

export interface MeasuredModel {
  readonly sizeBytes: number
  readonly transferBytes: number
  readonly statics: StaticMeasures
  /** A reason where there is none. */
  readonly timing: Timing | string
  readonly energy: number | string
  readonly judgement: Judgement | string
  /** Name of the metric, `'none'` where nothing was judged. */
  readonly metric: string
  readonly threads: number
  readonly batchSize: number
}

export function modelMeasures(model: MeasuredModel): ModelMeasures {
  const { statics, timing, energy, judgement, metric } = model
  const unavailable: Record<string, string> = {}
  const missing = (fields: readonly string[], reason: string): null => {
    for (const field of fields) unavailable[field] = reason
    return null
  }
  if (statics.macs === null) missing(['macs'], 'the size of a value is not known before running')
  const timed =
    typeof timing === 'string'
      ? missing(['latency_ms', 'throughput_per_second', 'cpu_ms_per_inference'], timing)
      : timing
  const judged =
    typeof judgement === 'string'
      ? missing(['quality', 'agreement', 'sqnr_db'], judgement)
      : judgement
  if (judged?.agreement === null) missing(['agreement'], 'the outputs decide between nothing')
  if (judged?.sqnr === null) {
    missing(
      ['sqnr_db'],
      judged.isEqual ? 'the outputs are equal' : 'the outputs are not finite or differ in size',
    )
  }
  const value = judged?.metric ?? null
  if (judged !== null && value === null) {
    missing(
      ['quality'],
      metric === 'none' ? 'no metric was asked for' : 'the samples do not determine it',
    )
  }
  missing(
    ['peak_memory_bytes'],
    typeof timing === 'string' ? timing : 'a process of its own must measure it',
  )
  return {
    size_bytes: model.sizeBytes,
    transfer_bytes: model.transferBytes,
    ...statics,
    macs_source: 'estimated',
    latency_ms:
      timed === null
        ? null
        : {
            p50: timed.p50,
            p95: timed.p95,
            runs: timed.runs,
            threads: model.threads,
            batch_size: model.batchSize,
          },
    throughput_per_second: timed === null ? null : (1000 * model.batchSize) / timed.p50,
    peak_memory_bytes: null,
    cpu_ms_per_inference: timed === null ? null : timed.cpuMilliseconds / model.batchSize,
    energy_mj_per_inference:
      typeof energy === 'string'
        ? missing(['energy_mj_per_inference'], energy)
        : energy / model.batchSize,
    quality: value === null ? null : { metric, value, samples: judged?.samples ?? 0 },
    agreement: judged?.agreement ?? null,
    sqnr_db: judged?.sqnr ?? null,
    unavailable,
  }
}
