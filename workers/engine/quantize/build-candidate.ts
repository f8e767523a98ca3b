// One quantized form of a float model: a placement, its quantizers, its weights.

import type { Model } from '#src/onnx/ir/model'
import { copyModel } from '../rewrite/copy-model.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { applyCorrections } from './apply-corrections.ts'
import type { Calibration } from './calibrate.ts'
import { buildDynamicCandidate } from './build-dynamic-candidate.ts'
import { compactWeights } from './compact-weights.ts'
import { ConstantStore } from './constant-store.ts'
import type { BiasCorrections } from './correct-bias.ts'
import { emitQdq } from './emit-qdq.ts'
import type { PlacementName } from './place.ts'
import { placeInForm } from './place-in-form.ts'
import { findSites } from './quantization-sites.ts'
import type { QuantizeResult } from './quantize-result.ts'
import type { GramMatrix } from './round-by-gram.ts'
import { expandSilu } from './silu.ts'
import { smoothingNodes } from './smooth-quant.ts'
import type { StaticOptions } from './static-options.ts'
import { TARGETS } from './targets/targets.ts'

export interface StaticCandidate extends QuantizeResult {
  readonly placement: PlacementName | 'unchanged'
  /** Names of the nodes that compute on integers. */
  readonly integerNodes: readonly string[]
}

export type RestoredWeights = 'integer' | 'float'

export interface CandidateParts {
  readonly options: Pick<StaticOptions, 'target' | 'activations' | 'perChannel' | 'reduceRange'>
  readonly calibration: Pick<Calibration, 'ranges' | 'unbounded'>
  /** Names of nodes that stay in float, weights included. */
  readonly excluded: ReadonlySet<string>
  /** Names of nodes that compute in float. */
  readonly restored: ReadonlySet<string>
  /** How the weights of these nodes are stored. */
  readonly restoredWeights: RestoredWeights
  readonly corrections: BiasCorrections
  /** Of layers whose weights are rounded adaptively. */
  readonly grams: ReadonlyMap<string, GramMatrix>
}

/** `float` stays as it is. */
export function buildCandidate(
  float: Model,
  name: PlacementName,
  parts: CandidateParts,
): StaticCandidate {
  if (name === 'products-dynamic') return buildDynamicCandidate(float, parts)
  const { options, calibration, excluded, restored, corrections, grams } = parts
  const whole = parts.restoredWeights === 'float' ? [...excluded, ...restored] : [...excluded]
  const target = TARGETS[options.target]
  const model = copyModel(float)
  const { unbounded } = calibration
  applyCorrections(model, findSites(model, excluded, unbounded, options), corrections)
  const inFloat = [...excluded, ...restored, ...smoothingNodes(model)]
  const { sites, placement, ranges } = placeInForm(name, model, calibration.ranges, () =>
    findSites(model, new Set(inFloat), unbounded, options),
  )
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
    limit: options.reduceRange ? 64 : target.weightLimit,
    grams,
    target,
    activations: options.activations,
  })
  expandSilu(model, placement.integer)
  const compact = target.foldsConstants
    ? compactWeights(model, new ConstantStore(model), new Set(whole))
    : { tensors: 0, declined: [] }
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
