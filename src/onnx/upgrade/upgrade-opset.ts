// Moves a model to a newer opset of ai.onnx, one opset at a time, so that everything behind it knows one definition of each operator.

import type { Graph } from '../ir/graph.ts'
import type { Model, OpsetImport } from '../ir/model.ts'
import { opsetVersion } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import { dropConsumedInputs } from './first-opsets.ts'
import { findUpgrade } from './op-upgrades.ts'
import { UpgradeContext } from './upgrade-context.ts'

/** The opset that everything behind the upgrade is written against: the first with 4-bit types and blocked QuantizeLinear. */
export const CURRENT_OPSET = 21

export interface UpgradedNode {
  readonly node: string
  readonly opType: string
  /** The opset it was changed for. */
  readonly opset: number
  readonly change: string
}

export interface UpgradeRefusal {
  readonly node: string
  readonly opType: string
  /** The opset that cannot express it. */
  readonly opset: number
  readonly reason: string
}

export interface UpgradeReport {
  readonly from: number
  readonly to: number
  readonly changed: readonly UpgradedNode[]
  /** Empty when `to` is the target. Else the model is at the highest opset that all its nodes reach. */
  readonly refusals: readonly UpgradeRefusal[]
}

/** IR version of the ONNX release that brought the opset (onnx/docs/Versioning.md). */
const IR_VERSIONS: readonly (readonly [opset: number, irVersion: number])[] = [
  [9, 4],
  [10, 5],
  [11, 6],
  [12, 7],
  [15, 8],
  [19, 9],
  [21, 10],
  [23, 11],
  [24, 12],
  [25, 13],
]

/**
 * Rewrites `model` in place, bodies of local functions and subgraphs included. A model newer than `target` stays.
 * Initializers that IR version 3 and lower had to list among the inputs leave the inputs: they are constants.
 */
export function upgradeOpset(model: Model, target: number = CURRENT_OPSET): UpgradeReport {
  const imported = opsetVersion(model)
  const from = imported === 0 && model.irVersion < 3 ? 1 : imported
  const changed: UpgradedNode[] = []
  if (model.irVersion < 4) dropConstantInputs(model.graph)
  if (from === 0) return { from, to: from, changed, refusals: [] }
  const context = new UpgradeContext(model)
  let opset = from
  let refusals: UpgradeRefusal[] = []
  while (opset < target && refusals.length === 0) {
    const nodes = nodesBelow(model, opset + 1)
    refusals = refuse(nodes, opset + 1, context)
    if (refusals.length > 0) break
    changed.push(...apply(nodes, opset + 1, context))
    opset += 1
    declare(model, opset)
  }
  return { from, to: opset, changed, refusals }
}

function dropConstantInputs(graph: Graph): void {
  const kept = graph.inputs.filter((value) => value.initializer === null)
  graph.inputs.splice(0, graph.inputs.length, ...kept)
}

/** Nodes of every graph and function whose opset is lower than `opset`. */
function nodesBelow(model: Model, opset: number): Node[] {
  const bodies = model.functions
    .filter(({ opsetImports }) => versionOf(opsetImports) < opset)
    .map(({ body }) => body)
  return [model.graph, ...bodies].flatMap((graph) => [...graph.allNodes()])
}

function versionOf(imports: readonly OpsetImport[]): number {
  return imports.find(({ domain }) => isOnnx(domain))?.version ?? Infinity
}

function isOnnx(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx'
}

function refuse(nodes: readonly Node[], opset: number, context: UpgradeContext): UpgradeRefusal[] {
  const refusals: UpgradeRefusal[] = []
  for (const node of nodes) {
    if (!node.is()) continue
    const reason = findUpgrade(node.opType, opset)?.refuse?.(node, context) ?? null
    if (reason !== null) {
      refusals.push({ node: labelOf(node), opType: node.opType, opset, reason })
    }
  }
  return refusals
}

function apply(nodes: readonly Node[], opset: number, context: UpgradeContext): UpgradedNode[] {
  const changed: UpgradedNode[] = []
  for (const node of nodes) {
    if (!node.is()) continue
    const { opType } = node
    const consumed = opset === 6 ? dropConsumedInputs(node) : null
    const change = findUpgrade(opType, opset)?.apply(node, context) ?? consumed
    if (change !== null) changed.push({ node: labelOf(node), opType, opset, change })
  }
  context.forgetTypes()
  return changed
}

function labelOf(node: Node): string {
  return node.name !== '' ? node.name : (node.outputs.find((value) => value !== null)?.name ?? '')
}

function declare(model: Model, opset: number): void {
  model.opsetImports = raised(model.opsetImports, opset)
  if (!model.opsetImports.some(({ domain }) => isOnnx(domain))) {
    model.opsetImports.unshift({ domain: '', version: opset })
  }
  model.functions = model.functions.map((definition) => ({
    ...definition,
    opsetImports: raised(definition.opsetImports, opset),
  }))
  const needed = IR_VERSIONS.findLast(([first]) => first <= opset)?.[1] ?? 4
  model.irVersion = Math.max(model.irVersion, needed)
}

function raised(imports: readonly OpsetImport[], opset: number): OpsetImport[] {
  return imports.map(({ domain, version }) => ({
    domain,
    version: isOnnx(domain) ? Math.max(version, opset) : version,
  }))
}
