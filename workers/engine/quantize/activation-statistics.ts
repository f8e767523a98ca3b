// Minimum, maximum and histogram of activations by running the model with its statistics in the graph (calibration-graph). Memory
// does not depend on the number or shape of the samples, and their order changes nothing.

import type { Model } from '#src/onnx/ir/model'
import { OnnxError } from '#src/onnx/onnx-error'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../rewrite/copy-model.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { ActivationHistogram } from './activation-histogram.ts'
import type { CodeRequest, CodedValue } from './calibration-graph.ts'
import { STATISTICS_PER_VALUE, appendCalibration } from './calibration-graph.ts'
import type { Range } from './quantize-result.ts'

export type Feeds = Readonly<Record<string, RuntimeTensor>>

/** Samples that can be gone through several times. */
export type FeedSource = AsyncIterable<Feeds> | Iterable<Feeds>

export interface ActivationStatistics {
  readonly ranges: ReadonlyMap<string, Range>
  /** Of the names that were to be counted. */
  readonly histograms: ReadonlyMap<string, ActivationHistogram>
  /** Names of values that were infinite, as attention masks are: they have no range. */
  readonly unbounded: ReadonlySet<string>
  /** Runs made. */
  readonly runs: number
}

const NOTHING_SEEN: ActivationStatistics = {
  ranges: new Map(),
  histograms: new Map(),
  unbounded: new Set(),
  runs: 0,
}

/** Elements that may leave the runtime in one run, of all values together. */
const ELEMENTS_PER_RUN = 2 ** 23
const LEAST_ELEMENTS = 2 ** 14

/** Values beyond float16, and those that it holds with fewer digits only, are counted again in a unit of their own. */
const LARGEST_HALF = 65504
const SMALL = 2 ** -10

/**
 * Of the float32 values of these names over all feeds. The model is left as it was.
 * @throws OnnxError invalid_weights naming the tensor when a value is NaN; RuntimeRejection; RangeError without feeds
 */
export async function activationStatistics(
  model: Model,
  names: readonly string[],
  feeds: FeedSource,
  runtime: Runtime,
  { histograms: isCounted, threads }: { readonly histograms: boolean; readonly threads: number },
): Promise<ActivationStatistics> {
  const collect = (of: readonly string[], coded: readonly CodeRequest[]) =>
    collectHistograms(model, of, coded, feeds, runtime, threads)
  if (names.length === 0) return NOTHING_SEEN
  const counted = isCounted ? names : []
  const first = await collect(
    names,
    counted.map((name) => ({ name, unit: 1 })),
  )
  const others = counted.flatMap((name) => {
    const range = first.ranges.get(name)
    const unit = range === undefined ? 1 : unitFor(range)
    return unit === 1 ? [] : [{ name, unit }]
  })
  if (others.length === 0) return first
  const second = await collect(
    others.map(({ name }) => name),
    others,
  )
  return { ...first, histograms: new Map([...first.histograms, ...second.histograms]) }
}

function unitFor({ low, high }: Range): number {
  const largest = Math.max(-low, high)
  if (largest === 0 || (largest <= LARGEST_HALF && largest >= SMALL)) return 1
  return 2 ** Math.floor(Math.log2(largest) - 8)
}

async function collectHistograms(
  model: Model,
  names: readonly string[],
  coded: readonly CodeRequest[],
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<ActivationStatistics> {
  const limit = Math.max(LEAST_ELEMENTS, Math.floor(ELEMENTS_PER_RUN / Math.max(1, coded.length)))
  const observed = copyModel(model)
  const outputs = appendCalibration(observed, names, coded, limit)
  sweepDeadCode(observed)
  const session = await runtime.load(modelBytes(observed, 'inline'), {
    threads,
    optimization: 'basic',
    memoryPattern: false,
  })
  const seen = new SeenRanges(names)
  const histograms = new Map(
    coded.map(({ name, unit }) => [name, new ActivationHistogram(unit)] as const),
  )
  try {
    for await (const batch of feeds) {
      const results = await session.run(batch)
      seen.add(results[outputs.statistics]?.data ?? [])
      for (const value of outputs.coded) count(histograms.get(value.name), value, results)
    }
  } finally {
    await session.release()
  }
  const { ranges, unbounded } = seen.end()
  for (const [name, histogram] of histograms) {
    const range = ranges.get(name)
    if (range !== undefined) histogram.extend(range)
  }
  return { ranges, histograms, unbounded, runs: seen.runs }
}

function count(
  histogram: ActivationHistogram | undefined,
  value: CodedValue,
  results: Readonly<Record<string, RuntimeTensor>>,
): void {
  const codes = results[value.codes]?.data
  const size = Number(results[value.size]?.data[0] ?? 0)
  if (codes instanceof Uint16Array && codes.length > 0) {
    histogram?.count(codes, size / codes.length)
  }
}

/** Minimum and maximum of each name over the runs so far. */
class SeenRanges {
  runs = 0
  readonly #names: readonly string[]
  readonly #low: Float64Array
  readonly #high: Float64Array

  constructor(names: readonly string[]) {
    this.#names = names
    this.#low = new Float64Array(names.length).fill(Infinity)
    this.#high = new Float64Array(names.length).fill(-Infinity)
  }

  add(statistics: ArrayLike<number | bigint>): void {
    this.#names.forEach((name, index) => {
      const [least = 0, most = 0, sum = 0] = [0, 1, 2].map((at) =>
        Number(statistics[STATISTICS_PER_VALUE * index + at] ?? 0),
      )
      if ([least, most, sum].some(Number.isNaN) && !isInfinite(least, most)) {
        throw notANumber(name, this.runs)
      }
      this.#low[index] = Math.min(this.#low[index] ?? 0, least)
      this.#high[index] = Math.max(this.#high[index] ?? 0, most)
    })
    this.runs += 1
  }

  end(): { ranges: Map<string, Range>; unbounded: Set<string> } {
    if (this.runs === 0) throw new RangeError('calibration needs at least one sample')
    const ranges = new Map<string, Range>()
    const unbounded = new Set<string>()
    this.#names.forEach((name, index) => {
      const range = { low: this.#low[index] ?? 0, high: this.#high[index] ?? 0 }
      if (isInfinite(range.low, range.high)) unbounded.add(name)
      else ranges.set(name, range)
    })
    return { ranges, unbounded }
  }
}

/** The sum of infinities of both signs is NaN without any NaN among them. */
function isInfinite(low: number, high: number): boolean {
  return low === -Infinity || low === Infinity || high === Infinity || high === -Infinity
}

function notANumber(name: string, run: number): OnnxError {
  return new OnnxError(
    'invalid_weights',
    `value '${name}' is NaN for calibration batch ${run}; a quantizer needs a range`,
    { tensor: name },
  )
}
