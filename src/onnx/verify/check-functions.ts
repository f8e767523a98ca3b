// Local functions: none calls itself, and inlining all of them stays small.

import type { Graph } from '../ir/graph.ts'
import type { FunctionDefinition, Model } from '../ir/model.ts'
import { OnnxError } from '../onnx-error.ts'
import type { VerifyLimits } from './limits.ts'
import { functionKey } from './scopes.ts'

export function* checkFunctions(model: Model, limits: VerifyLimits): IterableIterator<OnnxError> {
  const expansion = new Expansion(model.functions)
  yield* expansion.problems
  if (expansion.problems.length > 0) return
  const nodes = expansion.nodesOf(model.graph)
  if (nodes !== model.graph.nodeCount && nodes > limits.maxExpandedNodes) {
    yield new OnnxError(
      'function_expansion_limit',
      `inlining the functions of the model makes ${nodes} nodes; at most ${limits.maxExpandedNodes} are supported`,
    )
  }
}

class Expansion {
  readonly problems: OnnxError[] = []
  readonly #functions = new Map<string, FunctionDefinition>()
  readonly #sizes = new Map<string, number>()
  readonly #open = new Set<string>()

  constructor(functions: readonly FunctionDefinition[]) {
    for (const definition of functions) {
      const key = keyOf(definition)
      if (this.#functions.has(key)) this.#report(definition, 'is defined twice')
      this.#functions.set(key, definition)
    }
    for (const [key, definition] of this.#functions) this.#sizeOf(key, definition)
  }

  #report(definition: FunctionDefinition, fault: string): void {
    const name = `${definition.domain}.${definition.name}`
    this.problems.push(
      new OnnxError('invalid_graph', `the function ${name} ${fault}`, {
        function: definition.name,
      }),
    )
  }

  /** Nodes of the graph and of the graphs inside it, calls replaced by what they call. */
  nodesOf(graph: Graph): number {
    let count = 0
    for (const node of graph.allNodes()) {
      const key = functionKey(node.domain, node.opType, node.overload)
      const definition = this.#functions.get(key)
      count += definition === undefined ? 1 : this.#sizeOf(key, definition)
    }
    return count
  }

  /** The call depth is bounded by the number of functions, as each is entered once. */
  #sizeOf(key: string, definition: FunctionDefinition): number {
    const known = this.#sizes.get(key)
    if (known !== undefined) return known
    if (this.#open.has(key)) {
      this.#report(definition, 'calls itself')
      return 1
    }
    this.#open.add(key)
    const size = this.nodesOf(definition.body)
    this.#open.delete(key)
    this.#sizes.set(key, size)
    return size
  }
}

function keyOf({ domain, name, overload }: FunctionDefinition): string {
  return functionKey(domain, name, overload)
}
