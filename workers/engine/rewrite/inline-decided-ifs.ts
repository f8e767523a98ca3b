// If whose condition is known, from constants or from the sizes that the model declares → the branch that is taken.

import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import { Node } from '#src/onnx/ir/node'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { tensorBytes } from '#src/onnx/tensor-values'
import { NodeCloner } from './clone-node.ts'
import { FreshNames } from './fresh-names.ts'
import type { Pass } from './pass.ts'
import { labelOf } from './pass.ts'

export const inlineDecidedIfs: Pass = {
  name: 'inline-decided-ifs',
  run: (model: Model) => {
    let applied = 0
    // A branch may hold further ones, which its values decide.
    for (;;) {
      const decided = decidedIfs(model)
      if (decided.length === 0) return { applied, declined: [] }
      const names = new FreshNames(model)
      for (const { node, branch } of decided) inline(node, branch, names)
      applied += decided.length
    }
  },
}

interface Decided {
  readonly node: Node
  readonly branch: Graph
}

function decidedIfs(model: Model): Decided[] {
  const found = [...model.graph.nodes()].filter((node) => node.is('If'))
  if (found.length === 0) return []
  const types = inferTypes(model)
  return found.flatMap((node) => {
    const condition = node.input(0)
    const tensor = condition === null ? null : types.constant(condition)
    if (tensor === null) return []
    const isTrue = tensorBytes(tensor)[0] !== 0
    const attribute = node.attributes.get(isTrue ? 'then_branch' : 'else_branch')
    const branch = attribute?.type === 'graph' ? attribute.value : null
    return branch !== null && isPlain(branch) ? [{ node, branch }] : []
  })
}

function isPlain(branch: Graph): boolean {
  return [...branch.initializers.values()].every(
    ({ initializer }) => initializer?.kind === 'tensor',
  )
}

function inline(node: Node, branch: Graph, names: FreshNames): void {
  const { graph } = node
  if (graph === null) return
  const prefix = labelOf(node)
  const rename = (name: string) => names.make(`${prefix}/${name}`)
  const cloner = new NodeCloner({ resolve: (value) => value, rename })
  for (const value of branch.initializers.values()) {
    const { initializer } = value
    if (initializer?.kind !== 'tensor') continue
    cloner.bind(value, graph.addInitializer({ ...initializer, name: rename(value.name) }))
  }
  const body = [...branch.nodes()].map((inner) => cloner.clone(inner))
  const results = [...node.outputs]
  const anchor = node.next
  const sources = branch.outputs.map((value) => cloner.valueOf(value))
  node.outputs.forEach((_, index) => node.setOutput(index, null))
  graph.remove(node)
  const handedOn = results.flatMap((result, index) => {
    const source = sources[index]
    if (result === null || source === undefined) return []
    return [new Node({ opType: 'Identity', inputs: [source], outputs: [result] })]
  })
  for (const inner of [...body, ...handedOn]) {
    if (anchor === null) graph.append(inner)
    else graph.insertBefore(inner, anchor)
  }
}
