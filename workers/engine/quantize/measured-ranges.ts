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
import { RANGE_METHODS } from './range-method.ts'

export interface MeasuredRanges {
  readonly ranges: Ranges
  readonly methods: ReadonlyMap<string, RangeMethod>
  /** Those of each method; empty where the first left nothing to gain. */
  readonly alternatives: ReadonlyMap<RangeMethod, Ranges>
}

/** Samples that every choice is measured on: as many as so many multiply–accumulates allow, within bounds. */
const TRIAL_MACS = 4e9
const TRIAL_SAMPLES = { least: 8, most: 128 }

/** Ranges closer than this share are the same. */
const SAME = 0.2

/** Activations that are tried one by one: so many of those whose methods disagree by this share at least. */
const TRIED = 8
const DISPUTE = 0.5

/** Other ranges must lessen the error by this share: of all activations at once, and of one. */
const GAIN_OF_ALL = 0.3
const GAIN_OF_ONE = 0.1

/** Noise ÷ signal of the outputs that leaves nothing to gain: 30 dB. */
const GOOD = 1e-3

type Choice = ReadonlyMap<string, RangeMethod>

/** `rangesBy`: ranges of the same values by each method. Where nothing is gained, smallest and largest value stay. */
export async function measuredRanges(
  model: Model,
  rangesBy: (method: RangeMethod) => Promise<Ranges>,
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<MeasuredRanges> {
  const whole = await rangesBy('minmax')
  const names = [...whole.keys()]
  const chosen = new Map<string, RangeMethod>(names.map((name) => [name, 'minmax']))
  const load = async (macs: number): Promise<QuantizedActivations> => {
    const samples = affordableSamples(model, macs, TRIAL_SAMPLES)
    const batches = await firstSamples(model, feeds, samples)
    return await QuantizedActivations.load(model, names, batches, runtime, threads)
  }
  const trial = await load(TRIAL_MACS)
  const ranges = new Map<RangeMethod, Ranges>([['minmax', whole]])
  let alternatives: Alternatives
  try {
    const error = await trial.error(whole)
    if (error < GOOD) return { ranges: whole, methods: chosen, alternatives: new Map() }
    for (const method of OTHERS) ranges.set(method, await rangesBy(method))
    alternatives = new Alternatives(ranges)
    const together = OTHERS.map(
      (method) => new Map(alternatives.disputed.map((name) => [name, method] as const)),
    )
    await takeBetter(trial, chosen, together, alternatives, GAIN_OF_ALL)
  } finally {
    await trial.release()
  }
  const apart = alternatives.singleChanges(chosen)
  if (apart.length > 0) {
    const smaller = await load(TRIAL_MACS / 4)
    try {
      await takeBetter(smaller, chosen, apart, alternatives, GAIN_OF_ONE)
    } finally {
      await smaller.release()
    }
  }
  return { ranges: alternatives.rangesOf(chosen), methods: chosen, alternatives: ranges }
}

/** Puts those changes into `chosen`, one after the other, that lessen the error by this share. */
async function takeBetter(
  trial: QuantizedActivations,
  chosen: Map<string, RangeMethod>,
  changes: readonly Choice[],
  alternatives: Alternatives,
  gain: number,
): Promise<void> {
  let least = await trial.error(alternatives.rangesOf(chosen))
  for (const change of changes) {
    if (change.size === 0) continue
    const error = await trial.error(alternatives.rangesOf(new Map([...chosen, ...change])))
    if (error >= least * (1 - gain)) continue
    least = error
    for (const [name, method] of change) chosen.set(name, method)
  }
}

const OTHERS = RANGE_METHODS.filter((method) => method !== 'minmax')

class Alternatives {
  /** Values on whose range the methods disagree, those most at odds first. */
  readonly disputed: readonly string[]
  readonly #ranges: ReadonlyMap<RangeMethod, Ranges>

  constructor(ranges: ReadonlyMap<RangeMethod, Ranges>) {
    this.#ranges = ranges
    this.disputed = [...(ranges.get('minmax')?.keys() ?? [])]
      .filter((name) => this.#disagreement(name) > SAME)
      .toSorted((one, other) => this.#disagreement(other) - this.#disagreement(one))
  }

  rangesOf(choice: Choice): Map<string, Range> {
    return new Map([...choice].map(([name, method]) => [name, this.#at(method, name)]))
  }

  /** One change of one value each, for the values most at odds. */
  singleChanges(chosen: Choice): Choice[] {
    const odd = this.disputed.filter((name) => this.#disagreement(name) > DISPUTE)
    return odd.slice(0, TRIED).flatMap((name) => {
      const tried = [this.#at(chosen.get(name) ?? 'minmax', name)]
      return RANGE_METHODS.flatMap((method) => {
        const range = this.#at(method, name)
        if (tried.some((other) => isSame(other, range))) return []
        tried.push(range)
        return [new Map([[name, method] as const])]
      })
    })
  }

  #at(method: RangeMethod, name: string): Range {
    return this.#ranges.get(method)?.get(name) ?? { low: 0, high: 0 }
  }

  #disagreement(name: string): number {
    const whole = width(this.#at('minmax', name))
    return Math.max(...OTHERS.map((method) => 1 - width(this.#at(method, name)) / whole))
  }
}

function width({ low, high }: Range): number {
  return Math.max(high - low, Number.MIN_VALUE)
}

function isSame(one: Range, other: Range): boolean {
  const largest = Math.max(width(one), width(other))
  return Math.abs(one.low - other.low) + Math.abs(one.high - other.high) < SAME * largest
}
