// Dynamic quantization: int8 weights; activations of matrix products and of LSTM layers are quantized while running, from their own range.
// Convolutions keep computing in float: ConvInteger is several times slower. Their weights are stored as integers.

import type { Model } from '#src/onnx/ir/model'
import type { Declined } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { simplify } from '../rewrite/simplify.ts'
import { widenFloat16 } from '../rewrite/widen-float16.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { compactWeights } from './compact-weights.ts'
import { ConstantStore } from './constant-store.ts'
import { dynamicLstms, emitLstms, paysUntimed } from './dynamic-lstm.ts'
import { dynamicSites } from './dynamic-sites.ts'
import { emitDynamic } from './emit-dynamic.ts'
import type { QuantizeResult } from './quantize-result.ts'
import { quantizedAlready } from './quantized-already.ts'
import { requireFiniteWeights } from './require-finite-weights.ts'

export interface DynamicOptions {
  /** One scale per column of a weight instead of one. */
  readonly perChannel: boolean
  /** Names of nodes that stay in float, weights included. */
  readonly excludedLayers: readonly string[]
}

/**
 * Rewrites `model` in place; needs no data.
 * @throws OnnxError invalid_weights when weights are not finite
 */
export async function quantizeDynamic(
  model: Model,
  options: DynamicOptions,
  runtime: Runtime,
): Promise<QuantizeResult> {
  const refusal = quantizedAlready(model)
  if (refusal !== null) {
    return {
      model,
      details: {},
      declined: [{ rule: 'quantize-dynamic', node: null, reason: refusal }],
    }
  }
  widenFloat16(model)
  const simplified = await simplify(model, runtime)
  requireFiniteWeights(model)
  const excluded = new Set(options.excludedLayers)
  const { sites, declined } = dynamicSites(model, excluded)
  const store = new ConstantStore(model)
  const lstms = dynamicLstms(model, excluded).filter(paysUntimed)
  const settings = { perChannel: options.perChannel, limit: 127 }
  emitDynamic(store, sites, settings)
  emitLstms(model, store, lstms, settings)
  const compact = compactWeights(model, store, excluded)
  sweepDeadCode(model)
  const all: Declined[] = [...simplified.declined, ...declined, ...compact.declined]
  return {
    model,
    details: {
      integer_nodes: sites.size + lstms.length,
      compact_weights: compact.tensors,
      simplify: simplified.details,
    },
    declined: all,
  }
}
