// The quantized form of a model that multiplies matrices: inputs of products are quantized while running, from the range that they
// have. That costs the runtime what quantizing by a known range does, outlying samples included; convolutions stay in float.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { opRule } from '../ops/registry.ts'
import { copyModel } from '../rewrite/copy-model.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import type { CandidateParts, StaticCandidate } from './build-candidate.ts'
import { compactWeights } from './compact-weights.ts'
import { ConstantStore } from './constant-store.ts'
import { dynamicLstms, emitLstms } from './dynamic-lstm.ts'
import { dynamicSites } from './dynamic-sites.ts'
import { emitDynamic } from './emit-dynamic.ts'
import { expandSilu } from './silu.ts'
import { smoothingNodes } from './smooth-quant.ts'
import { TARGETS } from './targets/targets.ts'

/** `float` stays as it is. Integer weights alone where there are fewer products than convolutions: those do the work. */
export function buildDynamicCandidate(float: Model, parts: CandidateParts): StaticCandidate {
  const { options, excluded, restored } = parts
  const whole = parts.restoredWeights === 'float' ? [...excluded, ...restored] : [...excluded]
  const model = copyModel(float)
  const inFloat = new Set([...excluded, ...smoothingNodes(model)])
  const { sites, declined } = dynamicSites(model, inFloat)
  const lstms = dynamicLstms(model, inFloat)
  // Asked of the model, not of what is left: a layer put back to float must not take the others with it.
  const isTaken = sites.size + lstms.length >= convolutions(model)
  const isLeft = (node: Node): boolean => isTaken && !restored.has(labelOf(node))
  const taken = new Map([...sites].filter(([node]) => isLeft(node)))
  const recurrent = lstms.filter(isLeft)
  const integerNodes = [...taken.keys(), ...recurrent].map((node) => labelOf(node))
  const store = new ConstantStore(model)
  const limit = options.reduceRange ? 64 : TARGETS[options.target].weightLimit
  const settings = { perChannel: options.perChannel, limit }
  emitDynamic(store, taken, settings)
  emitLstms(model, store, recurrent, settings)
  expandSilu(model, new Set())
  const compact = compactWeights(model, store, new Set(whole))
  sweepDeadCode(model)
  const placement = integerNodes.length === 0 ? 'weights-only' : 'products-dynamic'
  return {
    placement,
    model,
    integerNodes,
    details: {
      placement,
      integer_nodes: integerNodes.length,
      float_nodes_with_kernel: sites.size - taken.size,
      compact_weights: compact.tensors,
    },
    declined: [...declined, ...compact.declined],
  }
}

function convolutions({ graph }: Model): number {
  return [...graph.nodes()].filter((node) => {
    const rule = opRule(node)
    const kernel = rule === 'unknown' ? 'float' : rule.quantization
    const slot = typeof kernel === 'string' ? 'none' : kernel.weight
    return slot !== 'none' && slot.channels === 1
  }).length
}
