// Activation ranges from calibration data, by one method for all values or by the one that measures best for each.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { ActivationStatistics, FeedSource } from './activation-statistics.ts'
import { activationStatistics } from './activation-statistics.ts'
import { measuredRanges } from './measured-ranges.ts'
import type { Range, Ranges } from './quantize-result.ts'
import type { RangeMethod } from './range-method.ts'
import { rangeBy } from './range-method.ts'

/** `percentile` is read by the method of that name and by `auto`. */
export interface CalibrationMethod {
  readonly name: RangeMethod | 'auto'
  readonly percentile: number
}

export interface CalibrationOptions {
  readonly method: CalibrationMethod
  readonly threads: number
}

export interface Calibration {
  readonly ranges: Ranges
  /** What each range was found by. */
  readonly methods: ReadonlyMap<string, RangeMethod>
  /** What `auto` chose from, by method; empty where smallest and largest value left nothing to gain. */
  readonly alternatives: ReadonlyMap<RangeMethod, Ranges>
  /** Names of values that were infinite, as attention masks are: they have no range. */
  readonly unbounded: ReadonlySet<string>
  /** Runs made. */
  readonly runs: number
}

const NO_ALTERNATIVES: ReadonlyMap<RangeMethod, Ranges> = new Map()

/**
 * The ranges of the float32 values of these names over all feeds. The model is left as it was.
 * @throws OnnxError invalid_weights naming the tensor when a value is NaN; RuntimeRejection; RangeError without feeds
 */
export async function calibrate(
  model: Model,
  names: readonly string[],
  feeds: FeedSource,
  runtime: Runtime,
  { method, threads }: CalibrationOptions,
): Promise<Calibration> {
  if (names.length === 0) {
    const nothing = { ranges: new Map(), methods: new Map(), unbounded: new Set<string>(), runs: 0 }
    return { ...nothing, alternatives: NO_ALTERNATIVES }
  }
  const { name, percentile } = method
  const outputs = new Set(model.graph.outputs.map((value) => value.name))
  const collect = async (histograms: boolean): Promise<ActivationStatistics> =>
    await activationStatistics(model, names, feeds, runtime, { histograms, threads })
  if (name !== 'auto') {
    const statistics = await collect(name !== 'minmax')
    const ranges = rangesBy(name, statistics, outputs, percentile)
    const methods = new Map(
      [...ranges.keys()].map((key) => [key, outputs.has(key) ? 'minmax' : name] as const),
    )
    const { unbounded, runs } = statistics
    return { ranges, methods, alternatives: NO_ALTERNATIVES, unbounded, runs }
  }
  const { ranges, unbounded, runs } = await collect(false)
  let counted: ActivationStatistics | null = null
  const by = async (wanted: RangeMethod): Promise<Ranges> => {
    if (wanted === 'minmax') return ranges
    counted ??= await collect(true)
    return rangesBy(wanted, counted, outputs, percentile)
  }
  return { ...(await measuredRanges(model, by, feeds, runtime, threads)), unbounded, runs }
}

/** What leaves the model keeps its whole range: the largest score decides. */
function rangesBy(
  method: RangeMethod,
  { ranges, histograms }: ActivationStatistics,
  outputs: ReadonlySet<string>,
  percentile: number,
): Map<string, Range> {
  return new Map(
    [...ranges].map(([name, range]) => {
      const bins = outputs.has(name) ? undefined : histograms.get(name)?.bins()
      return [name, bins === undefined ? range : rangeBy(method, bins, range, percentile)] as const
    }),
  )
}
