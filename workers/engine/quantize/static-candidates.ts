// Static quantization: integer weights and activations, ranges from calibration data.

import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf, nodeRulePass } from '../rewrite/pass.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { simplify } from '../rewrite/simplify.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { calibratedValues } from './calibrated-values.ts'
import type { FeedSource } from './activation-statistics.ts'
import type { Calibration, CalibrationMethod } from './calibrate.ts'
import { calibrate } from './calibrate.ts'
import { compactWeights } from './compact-weights.ts'
import { ConstantStore } from './constant-store.ts'
import { emitQdq } from './emit-qdq.ts'
import type { PlacementName } from './place.ts'
import { PLACEMENTS, place } from './place.ts'
import { expandHardSwish } from './expand-hard-swish.ts'
import { findSites } from './quantization-sites.ts'
import type { QuantizeResult } from './quantize-result.ts'
import { quantizedAlready } from './quantized-already.ts'
import { requireFiniteWeights } from './require-finite-weights.ts'

export interface StaticOptions {
  readonly perChannel: boolean
  /** 7-bit weights, for processors on which sums of two 8-bit products saturate. */
  readonly reduceRange: boolean
  readonly calibration: CalibrationMethod
  /** Names of nodes that stay in float, weights included. */
  readonly excludedLayers: readonly string[]
  /** Placements to make; all when left out. */
  readonly placements?: readonly PlacementName[]
  readonly threads?: number
}

export const STATIC_DEFAULTS: StaticOptions = {
  perChannel: true,
  reduceRange: false,
  calibration: { name: 'auto', percentile: 99.99 },
  excludedLayers: [],
}

export interface StaticCandidate extends QuantizeResult {
  readonly placement: PlacementName | 'unchanged'
  /** Names of the nodes that compute on integers. */
  readonly integerNodes: readonly string[]
}

export interface StaticCandidates {
  /** The simplified float model: what candidates are measured against. */
  readonly float: Model
  /** Different ones only, in the order of PLACEMENTS. */
  readonly candidates: readonly StaticCandidate[]
}

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
  if (refusal !== null) {
    const declined = [{ rule: 'quantize-static', node: null, reason: refusal }]
    const unchanged = {
      placement: 'unchanged',
      model,
      integerNodes: [],
      details: {},
      declined,
    } as const
    return { float: model, candidates: [unchanged] }
  }
  const simplified = await simplify(model, runtime)
  requireFiniteWeights(model)
  await nodeRulePass(expandHardSwish).run(model, runtime)
  const excluded = new Set(options.excludedLayers)
  const tooOld = opsetTooOld(model)
  const names = tooOld.length > 0 ? [] : calibratedValues(findSites(model, excluded))
  const calibration = await calibrate(model, names, feeds, runtime, {
    method: options.calibration,
    threads: options.threads ?? 1,
  })
  const candidates: StaticCandidate[] = []
  const seen = new Set<string>()
  const placements = tooOld.length > 0 ? (['weights-only'] as const) : options.placements
  for (const name of placements ?? PLACEMENTS) {
    const candidate = build(model, name, options, excluded, calibration)
    const key = candidate.integerNodes.join('\0')
    if (seen.has(key)) continue
    seen.add(key)
    candidates.push({
      ...candidate,
      details: {
        ...candidate.details,
        simplify: simplified.details,
        calibration: {
          method: options.calibration.name,
          batches: calibration.runs,
          tensors: names.length,
          chosen: countMethods(calibration),
        },
      },
      declined: [
        ...simplified.declined,
        ...unknownNames(model, excluded),
        ...tooOld,
        ...candidate.declined,
      ],
    })
  }
  return { float: model, candidates }
}

function build(
  float: Model,
  name: PlacementName,
  options: StaticOptions,
  excluded: ReadonlySet<string>,
  { ranges, unbounded }: Calibration,
): StaticCandidate {
  const model = copyModel(float)
  const sites = findSites(model, excluded, unbounded)
  const placement = place(name, model, sites)
  const left = [...sites.integer].filter(([node]) => !placement.integer.has(node))
  const declined: Declined[] = [
    ...sites.declined,
    ...left.map(([node]) => ({
      rule: placement.name,
      node: labelOf(node),
      reason: 'in float: integers would not be faster here',
    })),
  ]
  const nodes = [...placement.integer].map((node) => labelOf(node))
  emitQdq(model, sites, placement, ranges, {
    perChannel: options.perChannel,
    limit: options.reduceRange ? 64 : 127,
  })
  const compact = compactWeights(model, new ConstantStore(model), excluded)
  sweepDeadCode(model)
  const details = {
    placement: placement.name,
    integer_nodes: nodes.length,
    float_nodes_with_kernel: left.length,
    compact_weights: compact.tensors,
  }
  return {
    placement: placement.name,
    model,
    integerNodes: nodes,
    details,
    declined: [...declined, ...compact.declined],
  }
}

function countMethods({ methods }: Calibration): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const method of methods.values()) counts[method] = (counts[method] ?? 0) + 1
  return counts
}

/** Scales per channel came with opset 13; the reasons why a model stays below are those of the upgrade. */
function opsetTooOld(model: Model): Declined[] {
  const version = opsetVersion(model)
  if (version >= 13) return []
  const reason = `integer kernels need opset 13, and the model could only be raised to ${version}`
  return [{ rule: 'quantize-static', node: null, reason }]
}

function unknownNames(model: Model, excluded: ReadonlySet<string>): Declined[] {
  const labels = new Set([...model.graph.allNodes()].map(labelOf))
  return [...excluded]
    .filter((name) => !labels.has(name))
    .map((node) => ({ rule: 'excluded_layers', node, reason: 'no node has this name' }))
}
