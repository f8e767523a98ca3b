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
  return layersOf(trace).flatMap((node): Declined[] => {
    const axes = node.outputs.flatMap((output) => (output === null ? [] : trace.axesOf(output)))
    const sets = trace.algebra.labels
    const isFree = axes.some((labels) => labels.sets.some((set) => sets.resolve(set).length > 0))
    if (isFree) return []
    const reason = holder(trace, axes)
    const text = reason === null ? 'nothing of it can go' : `${reason.node}: ${reason.reason}`
    return [{ rule: RULE, node: labelOf(node), reason: text }]
  })
}

function layersOf(trace: AxisTrace): Node[] {
  return [...trace.model.graph.nodes()].filter((node) => {
    const rule = opRule(node)
    if (rule === 'unknown' || rule.macs === 'none') return false
    return node.inputs.some((input) => input !== null && input.initializer !== null)
  })
}

const PLAIN: ReadonlySet<string> = new Set(['spatial axis', 'an input of the model'])

/** What holds the channels, rather than the batch or the plane. */
function holder(trace: AxisTrace, axes: readonly Labels[]): FrozenReason | null {
  const reasons = axes.flatMap((labels) => {
    const [set] = labels.sets
    const reason = set === undefined ? null : trace.algebra.reasonOf(set)
    return reason === null ? [] : [reason]
  })
  return reasons.find(({ reason }) => !PLAIN.has(reason)) ?? reasons[0] ?? null
}
