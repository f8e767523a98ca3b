// Multiply–accumulates of one run, from shapes.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { opRule, ruledOperators } from '../ops/registry.ts'

/** Integer operators that compute what a floating-point one computes, from the same inputs. */
const TWINS: Readonly<Record<string, string>> = { MatMulInteger: 'MatMul', ConvInteger: 'Conv' }

/** `null` where a size is not known, 0 for operators that multiply nothing. */
export function nodeMacs(node: Node, facts: TypeInference): number | null {
  const rule = ruleOf(node)
  return rule === 'unknown' || rule.macs === 'none' ? 0 : rule.macs(node, facts)
}

function ruleOf(node: Node): ReturnType<typeof opRule> {
  const twin = TWINS[node.opType]
  const entry = twin === undefined ? undefined : ruledOperators(node.domain).get(twin)
  return entry === undefined || 'rules' in entry ? opRule(node) : entry
}

/** Types with these shapes of the inputs; open axes of others stay open. */
export function factsAt(
  model: Model,
  inputs: Readonly<Record<string, readonly number[]>>,
): TypeInference {
  return inferTypes(model, { inputs })
}

/** Of the main graph; `null` when a node's is not known. */
export function modelMacs(model: Model, facts: TypeInference): number | null {
  let total = 0
  for (const node of model.graph.nodes()) {
    const macs = nodeMacs(node, facts)
    if (macs === null) return null
    total += macs
  }
  return total
}
