// What a rewrite is: a named pass over a model that changes it in place and tells what it did and what it left, and why.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Runtime } from '../runtime/runtime.ts'
import { FreshNames } from './fresh-names.ts'

export interface Declined {
  readonly rule: string
  /** The node it is about; `null` for the model as a whole. */
  readonly node: string | null
  readonly reason: string
}

export interface PassReport {
  /** Changes made. */
  readonly applied: number
  readonly declined: readonly Declined[]
}

export interface Pass {
  readonly name: string
  run(model: Model, runtime: Runtime): PassReport | Promise<PassReport>
}

export interface RuleContext {
  readonly model: Model
  /** Types and constants as they were when the pass began. */
  readonly facts: TypeInference
  readonly names: FreshNames
}

/** `unmatched`: the rule has nothing to say about the node. `declined`: it looks like a match, but must not be changed. */
export type RuleOutcome = 'applied' | 'unmatched' | { readonly declined: string }

/** A rewrite of one node and its neighbours. */
export interface NodeRule {
  readonly name: string
  apply(node: Node, context: RuleContext): RuleOutcome
}

/** The pass that offers every node, subgraphs included, to the rule once. */
export function nodeRulePass(rule: NodeRule): Pass {
  return {
    name: rule.name,
    run: (model) => {
      const context = { model, facts: inferTypes(model), names: new FreshNames(model) }
      const declined: Declined[] = []
      let applied = 0
      for (const node of Array.from(model.graph.allNodes())) {
        if (node.graph === null) continue
        const label = labelOf(node)
        const outcome = rule.apply(node, context)
        if (outcome === 'applied') applied += 1
        else if (outcome !== 'unmatched') {
          declined.push({ rule: rule.name, node: label, reason: outcome.declined })
        }
      }
      return { applied, declined }
    },
  }
}

/** How reports call a node: by its name, or its first output's when it has none. */
export function labelOf(node: Node): string {
  if (node.name !== '') return node.name
  return node.outputs.find((value) => value !== null)?.name ?? ''
}
