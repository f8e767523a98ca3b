// Weight-only quantization: weights in 4 or 8 bits with a scale per block, activations in float. One weight after the other is read, quantized and
// handed on, so that a model of several gigabytes needs no more memory than its largest weight.

import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Declined } from '../../rewrite/pass.ts'
import { labelOf } from '../../rewrite/pass.ts'
import { FreshNames } from '../../rewrite/fresh-names.ts'
import { sweepDeadCode } from '../../rewrite/remove-dead-code.ts'
import { halvesAgain } from '../../rewrite/widen-float16.ts'
import { compactWeights } from '../compact-weights.ts'
import { ConstantStore } from '../constant-store.ts'
import type { QuantizeResult } from '../quantize-result.ts'
import { quantizedAlready } from '../quantized-already.ts'
import type { InputScaling } from './apply-input-scales.ts'
import { applyInputScales } from './apply-input-scales.ts'
import { gramBatches } from './gram-batches.ts'
import { prepareModel } from './prepare-model.ts'
import { SiteQuantizer } from './site-quantizer.ts'
import type { WeightOnlyContext, WeightOnlyOptions } from './weight-only-options.ts'
import { weightSites } from './weight-sites.ts'

export interface WeightOnlyResult extends QuantizeResult {
  /** Signal ÷ noise of layers' outputs in dB, where there is data. */
  readonly layerNoise: ReadonlyMap<string, number>
}

/** Signal to noise that no layer is told to exceed: that of float32. */
const MOST_DECIBELS = 140

/**
 * Rewrites `model` in place.
 * @throws OnnxError invalid_weights when weights are not finite; RuntimeRejection
 */
export async function quantizeWeightOnly(
  model: Model,
  options: WeightOnlyOptions,
  context: WeightOnlyContext,
): Promise<WeightOnlyResult> {
  const refusal = quantizedAlready(model)
  if (refusal !== null) {
    const declined = [{ rule: 'weight-only', node: null, reason: refusal }]
    return { model, details: {}, declined, layerNoise: new Map() }
  }
  const prepared = await prepareModel(model, options, context)
  const excluded = new Set(options.excludedLayers)
  const facts = inferTypes(model, { inputs: context.inputShapes })
  const { sites, declined } = weightSites(model, facts, excluded)
  const wanted = sites.filter(({ stored }) => options.embeddings || stored.use !== 'lookup')
  const scaling: InputScaling =
    options.algorithm === 'awq'
      ? await applyInputScales(model, wanted, options, context, prepared.isSmall)
      : { details: null, declined: [] }
  const quantizer = new SiteQuantizer(model, facts, options, context)
  let done = 0
  try {
    for await (const { batch, grams } of gramBatches(model, wanted, context, prepared.isSmall)) {
      for (const site of batch) {
        context.progress(done / wanted.length, `weights of ${site.node.describe()}`)
        await quantizer.quantize(site, grams.get(site) ?? null)
        done += 1
      }
    }
  } finally {
    await quantizer.close()
  }
  const kept = options.embeddings ? excluded : new Set([...excluded, ...lookupNames(sites)])
  const compact = compactWeights(model, new ConstantStore(model), kept)
  sweepDeadCode(model)
  halvesAgain(model, new FreshNames(model))
  const layers = quantizer.reports()
  const noise = layers.flatMap(({ name, output_error: error }) => {
    if (error === null) return []
    return [[name, Math.min(MOST_DECIBELS, -20 * Math.log10(error))] as const]
  })
  return {
    model,
    details: {
      algorithm: options.algorithm,
      layers,
      input_scales: scaling.details,
      compact_weights: compact.tensors,
      simplify: prepared.details,
      widened_from_float16: prepared.widened,
    },
    declined: [
      ...prepared.declined,
      ...dataDeclined(options, prepared.isSmall),
      ...declined,
      ...scaling.declined,
      ...quantizer.declined,
      ...compact.declined,
    ],
    layerNoise: new Map(noise),
  }
}

/** What needs the model to run is not done where that takes too much memory. */
function dataDeclined({ algorithm }: WeightOnlyOptions, isSmall: boolean): Declined[] {
  if (isSmall || algorithm === 'rtn' || algorithm === 'hqq') return []
  const reason = 'the model is too large to run over calibration data: weights are rounded'
  return [{ rule: algorithm, node: null, reason }]
}

function lookupNames(sites: Parameters<typeof gramBatches>[1]): string[] {
  return sites.filter(({ stored }) => stored.use === 'lookup').map(({ node }) => labelOf(node))
}
