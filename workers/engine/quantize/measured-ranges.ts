// Picks each activation's range by what its quantization does to the outputs of the model. A histogram cannot tell: an outlier that
// is cut off may decide the result or mean nothing. All activations are quantized in the graph, their parameters are inputs, and
// so one session measures any choice.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { affordableSamples, firstSamples } from './first-samples.ts'
import { QuantizedActivations } from './quantized-activations.ts'
import type { Range, Ranges } from './quantize-result.ts'
import type { RangeMethod } from './range-method.ts'

export interface MeasuredRanges {
  readonly ranges: Ranges
  readonly methods: ReadonlyMap<string, RangeMethod>
}

/** Samples that every choice is measured on: as many as so many multiply–accumulates allow, within bounds. */
const TRIAL_MACS = 4e9
const TRIAL_SAMPLES = { least: 16, most: 128 }

/** Ranges closer than this share are the same. */
const SAME = 0.2

/** Activations that are tried one by one: so many of those whose methods disagree by this share at least. */
const TRIED = 8
const DISPUTE = 0.5

/** Other ranges must lessen the error by this share: of all activations at once, and of one. */
const GAIN_OF_ALL = 0.3
const GAIN_OF_ONE = 0.1

/** `alternatives`: ranges of the same values by each method; where nothing is gained, the first one's stay. */
export async function measuredRanges(
  model: Model,
  alternatives: ReadonlyMap<RangeMethod, Ranges>,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<MeasuredRanges> {
  const methods = [...alternatives.keys()]
  const [first = 'minmax'] = methods
  const wide = alternatives.get(first) ?? new Map<string, Range>()
  const names = [...wide.keys()]
  const at = (method: RangeMethod, name: string): Range =>
    alternatives.get(method)?.get(name) ?? { low: 0, high: 0 }
  const disagreement = (name: string): number =>
    Math.max(...methods.map((method) => 1 - width(at(method, name)) / width(at(first, name))))
  const disputed = names
    .filter((name) => disagreement(name) > SAME)
    .toSorted((one, other) => disagreement(other) - disagreement(one))
  const single = disputed.filter((name) => disagreement(name) > DISPUTE)
  const chosen = new Map(names.map((name) => [name, first] as const))
  const rangesOf = (choice: ReadonlyMap<string, RangeMethod>): Map<string, Range> =>
    new Map([...choice].map(([name, method]) => [name, at(method, name)]))
  if (disputed.length === 0) return { ranges: rangesOf(chosen), methods: chosen }
  /** Takes those of the changes, in their order, that lessen the error by this share. */
  const consider = async (
    all: readonly ReadonlyMap<string, RangeMethod>[],
    gain: number,
    samples: number,
  ): Promise<void> => {
    if (all.length === 0) return
    const batches = await firstSamples(model, feeds, samples)
    const trial = await QuantizedActivations.load(model, names, batches, runtime, threads)
    try {
      let least = await trial.error(rangesOf(chosen))
      for (const changes of all) {
        const error = await trial.error(rangesOf(new Map([...chosen, ...changes])))
        if (error >= least * (1 - gain)) continue
        least = error
        for (const [name, method] of changes) chosen.set(name, method)
      }
    } finally {
      await trial.release()
    }
  }
  const others = methods.filter((method) => method !== first)
  const together = others.map((method) => new Map(disputed.map((name) => [name, method] as const)))
  await consider(together, GAIN_OF_ALL, affordableSamples(model, TRIAL_MACS, TRIAL_SAMPLES))
  const apart = single.slice(0, TRIED).flatMap((name) => {
    const tried = [at(chosen.get(name) ?? first, name)]
    return methods.flatMap((method) => {
      const range = at(method, name)
      if (tried.some((other) => isSame(other, range))) return []
      tried.push(range)
      return [new Map([[name, method] as const])]
    })
  })
  await consider(apart, GAIN_OF_ONE, affordableSamples(model, TRIAL_MACS / 4, TRIAL_SAMPLES))
  return { ranges: rangesOf(chosen), methods: chosen }
}

function width({ low, high }: Range): number {
  return Math.max(high - low, Number.MIN_VALUE)
}

function isSame(one: Range, other: Range): boolean {
  const largest = Math.max(width(one), width(other))
  return Math.abs(one.low - other.low) + Math.abs(one.high - other.high) < SAME * largest
}
