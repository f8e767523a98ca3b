// What a model goes through before its weights are quantized. Models that do not fit into memory several times are only brought to one opset, their
// constants lifted: other rewrites would read their weights.

import type { Model } from '#src/onnx/ir/model'
import { CURRENT_OPSET, upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'
import { modelSize } from '#src/onnx/write-model'
import { liftConstants } from '../../rewrite/lift-constants.ts'
import type { Declined } from '../../rewrite/pass.ts'
import { nodeRulePass } from '../../rewrite/pass.ts'
import { PREPARING_PASSES } from '../../rewrite/simplify-passes.ts'
import { simplify } from '../../rewrite/simplify.ts'
import { widenFloat16 } from '../../rewrite/widen-float16.ts'
import type { WeightOnlyContext, WeightOnlyOptions } from './weight-only-options.ts'

/** Bytes up to which a model is copied and run as a whole. */
const SMALL_MODEL = 2 ** 30

export interface PreparedModel {
  readonly isSmall: boolean
  /** Tensors that were float16. */
  readonly widened: number
  readonly details: unknown
  readonly declined: readonly Declined[]
}

export async function prepareModel(
  model: Model,
  options: WeightOnlyOptions,
  { runtime }: WeightOnlyContext,
): Promise<PreparedModel> {
  // Weights of half the bits are twice as large once widened.
  const halved = modelSize(model, 'inline') > SMALL_MODEL / 2
  const widened = widenFloat16(model, 'kept', halved ? 'when read' : 'now')
  const isSmall = modelSize(model, 'inline') <= SMALL_MODEL
  const declined: Declined[] = []
  let details: unknown = 'left out: the model is large'
  if (isSmall) {
    const report = await simplify(model, runtime)
    details = report.details
    declined.push(...report.declined)
  } else {
    for (const pass of [...PREPARING_PASSES, nodeRulePass(liftConstants)]) {
      declined.push(...(await pass.run(model, runtime)).declined)
    }
  }
  if (options.format !== 'matmul_nbits') {
    for (const { node, opset, reason } of upgradeOpset(model, CURRENT_OPSET).refusals) {
      declined.push({ rule: 'upgrade-opset', node, reason: `opset ${opset}: ${reason}` })
    }
  }
  return { isSmall, widened, details, declined }
}
