// The passes of `simplify` in the order they run: first what makes the model uniform, then constants, then fusions.

import { declareSizes } from './declare-sizes.ts'
import { dropAnnotations } from './drop-annotations.ts'
import { einsumToMatMul } from './einsum-to-matmul.ts'
import { foldAffineForward } from './fold-affine-forward.ts'
import { foldConstants } from './fold-constants.ts'
import { fuseBatchNorm } from './fuse-batch-norm.ts'
import { fuseChannelAffine } from './fuse-channel-affine.ts'
import { fuseMatMulAdd } from './fuse-matmul-add.ts'
import { fusePadConv } from './fuse-pad-conv.ts'
import { gateWithResidual } from './gate-with-residual.ts'
import { inlineDecidedIfs } from './inline-decided-ifs.ts'
import { inlineFunctions } from './inline-functions.ts'
import { liftConstants } from './lift-constants.ts'
import { meanToGlobalPool } from './mean-to-global-pool.ts'
import { mergeEqualNodes } from './merge-equal-nodes.ts'
import { mergeParallelConvs } from './merge-parallel-convs.ts'
import { mergePointwiseConvs } from './merge-pointwise-convs.ts'
import { mergeReshapes } from './merge-reshapes.ts'
import { mergeSlicesConv } from './merge-slices-conv.ts'
import { mergeTransposes } from './merge-transposes.ts'
import type { Pass } from './pass.ts'
import { nodeRulePass } from './pass.ts'
import { recogniseHardSigmoid } from './recognise-hard-sigmoid.ts'
import { removeDeadCode } from './remove-dead-code.ts'
import { removeNoOps } from './remove-no-ops.ts'
import { softmaxBeforeTranspose } from './softmax-before-transpose.ts'
import { upgradeModel } from './upgrade-model.ts'

/** Run once. */
export const PREPARING_PASSES: readonly Pass[] = [upgradeModel, inlineFunctions, dropAnnotations]

/** Run in rounds until none changes anything. */
export const SIMPLIFY_PASSES: readonly Pass[] = [
  nodeRulePass(liftConstants),
  nodeRulePass(removeNoOps),
  foldConstants,
  inlineDecidedIfs,
  mergeEqualNodes,
  nodeRulePass(softmaxBeforeTranspose),
  nodeRulePass(mergeTransposes),
  nodeRulePass(mergeReshapes),
  nodeRulePass(fusePadConv),
  nodeRulePass(mergeSlicesConv),
  nodeRulePass(einsumToMatMul),
  nodeRulePass(fuseMatMulAdd),
  nodeRulePass(fuseBatchNorm),
  nodeRulePass(fuseChannelAffine),
  nodeRulePass(recogniseHardSigmoid),
  nodeRulePass(foldAffineForward),
  nodeRulePass(mergeParallelConvs),
  nodeRulePass(mergePointwiseConvs),
  nodeRulePass(gateWithResidual),
  nodeRulePass(meanToGlobalPool),
  removeDeadCode,
]

/** Run once, of what is left. */
export const CLOSING_PASSES: readonly Pass[] = [declareSizes]
