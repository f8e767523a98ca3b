// What a model goes through before it is differentiated.

import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import { upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'
import { GradientRefusal } from '../ops/gradient-call.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import { inlineFunctions } from '../rewrite/inline-functions.ts'
import { liftConstants } from '../rewrite/lift-constants.ts'
import { nodeRulePass } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FreedBatch } from './free-batch.ts'
import { freeBatch } from './free-batch.ts'

/** Gradient recipes are written in the operators of this opset and later ones. */
const LEAST_OPSET = 18

/**
 * A copy at an opset that gradients can be written in, which takes batches of any size where that can be had. The model itself gets functions inlined and its constants as
 * initializers, so that every weight of the copy is found in the model under the same name.
 * @throws GradientRefusal when a node cannot be brought to that opset
 */
export async function prepareTraining(model: Model, runtime: Runtime): Promise<FreedBatch> {
  for (const pass of [inlineFunctions, nodeRulePass(liftConstants)]) {
    await pass.run(model, runtime)
  }
  const copy = copyModel(model)
  const { refusals } = upgradeOpset(copy)
  if (opsetVersion(copy) < LEAST_OPSET) {
    const [first] = refusals
    const why =
      first === undefined ? '' : `: node '${first.node}' (${first.opType}): ${first.reason}`
    throw new GradientRefusal(`the model cannot be brought to opset ${LEAST_OPSET}${why}`)
  }
  return await freeBatch(copy, runtime)
}
