// The assignment of nodes to float or integer with the least total cost, as a minimum cut: source side = float, sink side =
// integer. A tensor costs once when its maker and any of its readers are on different sides.

export interface SideCosts {
  readonly float: number
  /** Infinity: there is no integer form. */
  readonly integer: number
}

export interface CutTensor {
  /** Index of the node that makes it; `null`: from outside, in float. */
  readonly maker: number | null
  /** `null`: something that reads float. */
  readonly readers: readonly (number | null)[]
  readonly cost: number
}

/** A node that may be integer only when its leader is. */
export interface CutFollower {
  readonly node: number
  readonly leader: number | null
}

/** Whether each node is on the integer side. */
export function cutNodes(
  nodes: readonly SideCosts[],
  tensors: readonly CutTensor[],
  followers: readonly CutFollower[],
): boolean[] {
  const source = nodes.length
  const sink = nodes.length + 1
  const network = new FlowNetwork(nodes.length + 2 + 2 * tensors.length)
  nodes.forEach(({ float, integer }, index) => {
    network.edge(source, index, integer)
    network.edge(index, sink, float)
  })
  tensors.forEach(({ maker, readers, cost }, index) => {
    const from = maker ?? source
    const quantized = nodes.length + 2 + 2 * index
    const dequantized = quantized + 1
    network.edge(from, quantized, cost)
    network.edge(dequantized, from, cost)
    for (const reader of new Set(readers)) {
      network.edge(quantized, reader ?? source, Infinity)
      network.edge(reader ?? source, dequantized, Infinity)
    }
  })
  for (const { node, leader } of followers) network.edge(leader ?? source, node, Infinity)
  const isFloat = network.minimumCut(source, sink)
  return nodes.map((_, index) => !isFloat[index])
}

/** Maximum flow by Dinic's algorithm (1970). */
class FlowNetwork {
  readonly #edges: number[][]
  readonly #targets: number[] = []
  readonly #capacities: number[] = []

  constructor(size: number) {
    this.#edges = Array.from({ length: size }, () => [])
  }

  /** Edges come in pairs: the one at index e ^ 1 is the residual of e. */
  edge(from: number, to: number, capacity: number): void {
    if (from === to) return
    this.#edges[from]?.push(this.#targets.length)
    this.#targets.push(to)
    this.#capacities.push(capacity)
    this.#edges[to]?.push(this.#targets.length)
    this.#targets.push(from)
    this.#capacities.push(0)
  }

  /** Whether each vertex is on the source's side. */
  minimumCut(source: number, sink: number): boolean[] {
    for (;;) {
      const levels = this.#levels(source)
      if ((levels[sink] ?? -1) < 0) return levels.map((level) => level >= 0)
      const next = Array.from({ length: levels.length }, () => 0)
      while (this.#augment(source, sink, levels, next) > 0);
    }
  }

  #levels(source: number): number[] {
    const levels = Array.from({ length: this.#edges.length }, () => -1)
    levels[source] = 0
    const queue = [source]
    for (const vertex of queue) {
      for (const edge of this.#edges[vertex] ?? []) {
        const target = this.#targets[edge] ?? 0
        if ((this.#capacities[edge] ?? 0) <= 0 || levels[target] !== -1) continue
        levels[target] = (levels[vertex] ?? 0) + 1
        queue.push(target)
      }
    }
    return levels
  }

  /** Pushes flow along one path of the level graph, found without recursion; gives what was pushed. */
  #augment(source: number, sink: number, levels: number[], next: number[]): number {
    const path: number[] = []
    let vertex = source
    while (vertex !== sink) {
      const edges = this.#edges[vertex] ?? []
      const edge = edges[next[vertex] ?? 0]
      if (edge === undefined) {
        const last = path.pop()
        if (last === undefined) return 0
        vertex = this.#targets[last ^ 1] ?? source
        next[vertex] = (next[vertex] ?? 0) + 1
        continue
      }
      const target = this.#targets[edge] ?? 0
      const isForward = levels[target] === (levels[vertex] ?? 0) + 1
      if (isForward && (this.#capacities[edge] ?? 0) > 0) {
        path.push(edge)
        vertex = target
      } else next[vertex] = (next[vertex] ?? 0) + 1
    }
    const pushed = Math.min(...path.map((edge) => this.#capacities[edge] ?? 0))
    for (const edge of path) {
      this.#capacities[edge] = (this.#capacities[edge] ?? 0) - pushed
      this.#capacities[edge ^ 1] = (this.#capacities[edge ^ 1] ?? 0) + pushed
    }
    return pushed
  }
}
