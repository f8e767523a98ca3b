// What a model goes through before its axes are followed: one opset, constants as initializers, nothing shared that need not be.

import type { Model } from '#src/onnx/ir/model'
import { dropAnnotations } from '../rewrite/drop-annotations.ts'
import { foldConstants } from '../rewrite/fold-constants.ts'
import { inlineDecidedIfs } from '../rewrite/inline-decided-ifs.ts'
import { inlineFunctions } from '../rewrite/inline-functions.ts'
import { liftConstants } from '../rewrite/lift-constants.ts'
import type { Declined, Pass } from '../rewrite/pass.ts'
import { nodeRulePass } from '../rewrite/pass.ts'
import { removeDeadCode } from '../rewrite/remove-dead-code.ts'
import { upgradeModel } from '../rewrite/upgrade-model.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { explicitScale } from './explicit-scale.ts'
import { explicitSqueeze } from './explicit-squeeze.ts'
import { privateConstants } from './private-constants.ts'
import { shuffleToGather } from './shuffle-to-gather.ts'

const PASSES: readonly Pass[] = [
  upgradeModel,
  inlineFunctions,
  dropAnnotations,
  nodeRulePass(liftConstants),
  foldConstants,
  inlineDecidedIfs,
  nodeRulePass(liftConstants),
  explicitSqueeze,
  explicitScale,
  shuffleToGather,
  removeDeadCode,
  privateConstants,
]

/** Changes the model in place; it computes the same. BatchNormalization stays: it tells how much a channel matters. */
export async function prepareModel(model: Model, runtime: Runtime): Promise<Declined[]> {
  const declined: Declined[] = []
  for (const pass of PASSES) declined.push(...(await pass.run(model, runtime)).declined)
  return declined
}
