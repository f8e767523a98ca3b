// Half precision: float32 weights and activations become float16, except where the format or the runtime cannot follow.

import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { simplify } from '../rewrite/simplify.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { Float16Converter } from './float16-converter.ts'
import { float16Obstacle } from './float16-obstacles.ts'
import { measureMagnitudes, rangeObstacle } from './float16-ranges.ts'
import type { QuantizeResult } from './quantize-result.ts'
import { quantizedAlready } from './quantized-already.ts'
import { requireFiniteWeights } from './require-finite-weights.ts'

export interface Float16Options {
  /** Inputs and outputs stay float32, with a Cast behind and before them. */
  readonly keepIoTypes: boolean
  /** Names of nodes that stay in float32. */
  readonly excludedLayers: readonly string[]
  /** Samples that activations are measured on; `none` where there are none. */
  readonly feeds: FeedSource | 'none'
  readonly threads?: number
}

/**
 * Rewrites `model` in place.
 * @throws OnnxError invalid_weights when weights are not finite, or activations NaN; RuntimeRejection
 */
export async function quantizeFloat16(
  model: Model,
  options: Float16Options,
  runtime: Runtime,
): Promise<QuantizeResult> {
  const refusal = quantizedAlready(model)
  if (refusal !== null) {
    return { model, details: {}, declined: [{ rule: 'float16', node: null, reason: refusal }] }
  }
  const simplified = await simplify(model, runtime)
  requireFiniteWeights(model)
  const { feeds, threads = 1 } = options
  const magnitudes =
    feeds === 'none' ? new Map() : await measureMagnitudes(model, feeds, runtime, threads)
  const excluded = new Set(options.excludedLayers)
  const converter = new Float16Converter(model, inferTypes(model), {
    obstacle: (node, facts) =>
      excluded.has(labelOf(node))
        ? 'excluded'
        : (float16Obstacle(node, facts) ?? rangeObstacle(node, magnitudes)),
    keepsType: () => options.keepIoTypes,
  })
  converter.run()
  sweepDeadCode(model)
  return {
    model,
    details: {
      float16_nodes: converter.half.size,
      float32_nodes: converter.declined.length,
      float16_tensors: converter.tensors,
      measured_values: feeds === 'none' ? 'none: there is no data' : magnitudes.size,
      simplify: simplified.details,
    },
    declined: [...simplified.declined, ...converter.declined],
  }
}
