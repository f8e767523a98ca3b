// Static quantization: integer weights and activations, ranges from calibration data.

import type { Model } from '#src/onnx/ir/model'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf, nodeRulePass } from '../rewrite/pass.ts'
import { simplify } from '../rewrite/simplify.ts'
import { widenFloat16 } from '../rewrite/widen-float16.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { areAlike, isDynamic } from './alike-placements.ts'
import type { RestoredWeights, StaticCandidate } from './build-candidate.ts'
import { buildCandidate } from './build-candidate.ts'
import type { Calibration, CalibrationMethod } from './calibrate.ts'
import { calibrate } from './calibrate.ts'
import { calibratedValues } from './calibrated-values.ts'
import { biasCorrections, biasedLayers, layerMeans } from './correct-bias.ts'
import { expandHardSwish } from './expand-hard-swish.ts'
import { affordableSamples, firstSamples } from './first-samples.ts'
import { nodeCosts } from './kernel-costs.ts'
import { gramMatrices } from './gram-matrices.ts'
import { layerNoise } from './layer-noise.ts'
import type { Outputs } from './output-error.ts'
import { outputError, runAll } from './output-error.ts'
import { padWhereFaster } from './pad-where-faster.ts'
import type { PlacementName } from './place.ts'
import { PLACEMENTS } from './place.ts'
import { findSites } from './quantization-sites.ts'
import { placedRanges } from './placed-ranges.ts'
import { quantizedAlready } from './quantized-already.ts'
import type { GramMatrix } from './round-by-gram.ts'
import { requireFiniteWeights } from './require-finite-weights.ts'
import { requireOpset } from './required-opset.ts'
import type { StaticOptions } from './static-options.ts'
import { TARGETS } from './targets/targets.ts'
import { describeRanges, methodFor } from './calibration-choice.ts'
import type { RescalingJudge } from './keep-rescaling.ts'
import { keepRescaling } from './keep-rescaling.ts'
import { rescale } from './rescale.ts'
import { SILU, fuseSilu } from './silu.ts'

export interface StaticCandidates {
  /** The simplified float model: what candidates are measured against. */
  readonly float: Model
  /** Those that differ by more than a few nodes, in the order of PLACEMENTS. */
  readonly candidates: readonly StaticCandidate[]
  /** The candidate with these nodes in float. */
  readonly restore: (
    candidate: StaticCandidate,
    restored: ReadonlySet<string>,
    weights: RestoredWeights,
  ) => Promise<StaticCandidate>
  /** Noise ÷ signal of the outputs with these nodes in float, mean errors left out, on a few calibration samples. */
  readonly noise: (candidate: StaticCandidate, restored: ReadonlySet<string>) => Promise<number>
  /** Nanoseconds that each integer node saves by the kernels' cost table, in graph order. */
  readonly savings: (candidate: StaticCandidate) => ReadonlyMap<string, number>
  /** Signal ÷ noise of each layer's output in dB, on a few calibration samples. */
  readonly layerNoise: (candidate: StaticCandidate) => Promise<ReadonlyMap<string, number>>
}

/** Multiply–accumulates that bias correction may take for one candidate, and the fewest and most samples that it looks at. */
const CORRECTION_MACS = 1e10
const CORRECTION_SAMPLES = { least: 32, most: 128 }

/** Samples for errors of outputs and of layers. */
const NOISE_SAMPLES = 16
const LAYER_SAMPLES = 4

/**
 * The quantized forms of a model to choose from (choose-candidate). `model` is simplified in place.
 * @throws OnnxError invalid_weights when weights or activations are not finite; RuntimeRejection; RangeError without feeds
 */
export async function staticCandidates(
  model: Model,
  options: StaticOptions,
  feeds: FeedSource,
  runtime: Runtime,
): Promise<StaticCandidates> {
  const refusal = quantizedAlready(model)
  if (refusal !== null) return unchanged(model, refusal)
  const widened = widenFloat16(model)
  const simplified = await simplify(model, runtime)
  requireFiniteWeights(model)
  const target = TARGETS[options.target]
  const excluded = new Set(options.excludedLayers)
  if (target.gates) await nodeRulePass(expandHardSwish).run(model, runtime)
  if (SILU in target.kernels) await nodeRulePass(fuseSilu(excluded)).run(model, runtime)
  const threads = options.threads ?? 1
  const tooOld = requireOpset(model, options.activations)
  const plainParts = {
    options,
    excluded,
    restored: new Set<string>(),
    restoredWeights: 'integer' as RestoredWeights,
    corrections: new Map(),
    grams: new Map<string, GramMatrix>(),
  }
  const calibrated = async (
    of: Model,
    method: CalibrationMethod,
    on: FeedSource,
  ): Promise<Calibration> => {
    const names =
      tooOld.length > 0 ? [] : calibratedValues(findSites(of, excluded, new Set(), options))
    return await calibrate(of, names, on, runtime, { method, threads })
  }
  const correctionBatches = async () => {
    const count = affordableSamples(model, CORRECTION_MACS, CORRECTION_SAMPLES)
    return await firstSamples(model, feeds, count)
  }
  const quantized = async (of: Model, on: FeedSource): Promise<Model> => {
    const ranges = await calibrated(of, { ...options.calibration, name: 'minmax' }, on)
    return judge.quantized(of, ranges)
  }
  const judge: RescalingJudge = {
    calibrated: (of) => calibrated(of, methodFor(options), feeds),
    quantized: (of, ranges) =>
      buildCandidate(of, 'all-but-first', { ...plainParts, calibration: ranges }).model,
  }
  const padded = await padWhereFaster(model, feeds, runtime, threads)
  const tried = await rescale(padded.model, options, excluded, quantized, feeds, runtime)
  const rescaled = await keepRescaling(padded.model, tried, judge, feeds, runtime, threads)
  const { model: float, calibration } = rescaled
  const rounding = options.adaround
    ? await gramMatrices(float, excluded, await correctionBatches(), runtime, threads)
    : { matrices: new Map<string, GramMatrix>(), declined: [] }
  const parts = { ...plainParts, grams: rounding.matrices }
  const layers = options.biasCorrection
    ? biasedLayers(findSites(float, excluded, calibration.unbounded, options))
    : []
  const batches = layers.length === 0 ? [] : await correctionBatches()
  const means = await layerMeans(float, layers, batches, runtime, threads)
  const placed = new Map<PlacementName, Calibration>()
  const rangesOf = (name: PlacementName): Calibration => placed.get(name) ?? calibration
  const corrected = async (
    name: PlacementName,
    plain: StaticCandidate,
    restored: ReadonlySet<string>,
    restoredWeights: RestoredWeights,
  ): Promise<StaticCandidate> => {
    const calibration = rangesOf(name)
    if (layers.length === 0 || isDynamic(plain)) return plain
    const corrections = await biasCorrections(plain.model, means, runtime, threads)
    const changed = { calibration, restored, restoredWeights, corrections }
    return buildCandidate(float, name, { ...parts, ...changed })
  }
  const shared = {
    simplify: simplified.details,
    padded_channel_groups: padded.groups,
    widened_from_float16: widened,
    equalized: rescaled.equalized.length,
    smoothed: rescaled.smoothed.length,
    bias_corrected: layers.length,
    rounded_adaptively: rounding.matrices.size,
  }
  const declined = [
    ...simplified.declined,
    ...unknownNames(model, excluded),
    ...tooOld,
    ...rescaled.declined,
    ...rounding.declined,
  ]
  const complete = (candidate: StaticCandidate): StaticCandidate => {
    const own = candidate.placement === 'unchanged' ? calibration : rangesOf(candidate.placement)
    return {
      ...candidate,
      details: { ...candidate.details, ...shared, calibration: describeRanges(own, options) },
      declined: [...declined, ...candidate.declined],
    }
  }
  let wanted: Outputs[] | null = null
  const noiseOf = async (made: Model): Promise<number> => {
    const few = await firstSamples(float, feeds, NOISE_SAMPLES)
    wanted ??= await runAll(float, few, runtime, threads)
    return outputError(wanted, await runAll(made, few, runtime, threads)).centred
  }
  const candidates: StaticCandidate[] = []
  const placements = tooOld.length > 0 ? (['weights-only'] as const) : options.placements
  const own = target.placements === 'timed' ? PLACEMENTS : target.placements
  for (const name of placements ?? own) {
    const built = (ranges: Calibration): StaticCandidate =>
      buildCandidate(float, name, { ...parts, calibration: ranges })
    let plain = built(calibration)
    if (candidates.some((made) => areAlike(made, plain))) continue
    if (plain.integerNodes.length > 0 && !isDynamic(plain)) {
      placed.set(name, await placedRanges(calibration, (ranges) => built(ranges).model, noiseOf))
      plain = built(rangesOf(name))
    }
    candidates.push(complete(await corrected(name, plain, new Set(), 'integer')))
  }
  return {
    float,
    candidates,
    restore: async (candidate, restored, restoredWeights) => {
      const { placement } = candidate
      if (placement === 'unchanged') return candidate
      const changed = { calibration: rangesOf(placement), restored, restoredWeights }
      const plain = buildCandidate(float, placement, { ...parts, ...changed })
      return complete(await corrected(placement, plain, restored, restoredWeights))
    },
    noise: async ({ placement }, restored) => {
      if (placement === 'unchanged') return 0
      const changed = { calibration: rangesOf(placement), restored }
      return await noiseOf(buildCandidate(float, placement, { ...parts, ...changed }).model)
    },
    savings: ({ integerNodes }) => {
      const sites = findSites(float, excluded, calibration.unbounded, options)
      const names = new Set(integerNodes)
      const own = [...sites.integer].filter(([node]) => names.has(labelOf(node)))
      return new Map(
        own.map(([node, site]) => {
          const costs = nodeCosts(node, site, sites)
          return [labelOf(node), costs.float - costs.integer]
        }),
      )
    },
    layerNoise: async ({ model: made }) => {
      const few = await firstSamples(float, feeds, LAYER_SAMPLES)
      return await layerNoise(float, made, few, runtime, threads)
    },
  }
}

function unchanged(model: Model, reason: string): StaticCandidates {
  const candidate: StaticCandidate = {
    placement: 'unchanged',
    model,
    integerNodes: [],
    details: {},
    declined: [{ rule: 'quantize-static', node: null, reason }],
  }
  return {
    float: model,
    candidates: [candidate],
    restore: (same) => Promise.resolve(same),
    noise: () => Promise.resolve(0),
    savings: () => new Map(),
    layerNoise: () => Promise.resolve(new Map()),
  }
}

function unknownNames(model: Model, excluded: ReadonlySet<string>): Declined[] {
  const labels = new Set([...model.graph.allNodes()].map(labelOf))
  return [...excluded]
    .filter((name) => !labels.has(name))
    .map((node) => ({ rule: 'excluded_layers', node, reason: 'no node has this name' }))
}
