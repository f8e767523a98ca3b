// Which layers keep all of their output channels, and what holds them.

import type { Node } from '#src/onnx/ir/node'
import { opRule } from '../ops/registry.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { FrozenReason } from './atoms.ts'
import type { Labels } from './axis-algebra.ts'
import type { AxisTrace } from './trace-axes.ts'

const RULE = 'prune-channels'

/** One entry per layer that multiplies by weights and of whose output no index may go. */
export function keptWhole(trace: AxisTrace): Declined[] {
  const inBranches = branchesOf(trace)
  const ofLayers = layersOf(trace).flatMap((node): Declined[] => {
    const axes = node.outputs.flatMap((output) => (output === null ? [] : trace.axesOf(output)))
    const sets = trace.algebra.labels
    const isFree = axes.some((labels) => labels.sets.some((set) => sets.resolve(set).length > 0))
    if (isFree) return []
    const reason = holder(trace, axes)
    const text = reason === null ? 'nothing of it can go' : `${reason.node}: ${reason.reason}`
    return [{ rule: RULE, node: labelOf(node), reason: text }]
  })
  return [...ofLayers, ...inBranches]
}

/** One entry per node whose branches or bodies hold layers: nothing is followed into them. */
function branchesOf({ model }: AxisTrace): Declined[] {
  return [...model.graph.nodes()].flatMap((node): Declined[] => {
    const layers = [...node.subgraphs()].flatMap((graph) => {
      return [...graph.allNodes()].filter(multiplies)
    })
    if (layers.length === 0) return []
    const reason = `${layers.length} layers lie inside its branches or body, where channels are not followed`
    return [{ rule: RULE, node: labelOf(node), reason }]
  })
}

function multiplies(node: Node): boolean {
  const rule = opRule(node)
  return rule !== 'unknown' && rule.macs !== 'none'
}

function layersOf(trace: AxisTrace): Node[] {
  return [...trace.model.graph.nodes()].filter((node) => {
    return (
      multiplies(node) && node.inputs.some((input) => input !== null && input.initializer !== null)
    )
  })
}

/** What any axis may be held by, rather than the channels: told where there is nothing better, the last only where nothing else is. */
const PLAIN: readonly string[] = ['spatial axis', 'an input of the model', 'made anew here']

/** What holds the channels, rather than the batch or the plane. */
function holder(trace: AxisTrace, axes: readonly Labels[]): FrozenReason | null {
  const reasons = axes.flatMap((labels) => {
    const [set] = labels.sets
    const reason = set === undefined ? null : trace.algebra.reasonOf(set)
    return reason === null ? [] : [reason]
  })
  const order = ({ reason }: FrozenReason) => PLAIN.indexOf(reason)
  return reasons.sort((one, other) => order(one) - order(other))[0] ?? null
}
