// XᵀX of the inputs of layers over the calibration data, summed batch by batch: the samples themselves are never kept. The products are
// nodes of the model that runs.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import { copyModel } from '../../rewrite/copy-model.ts'
import { sweepDeadCode } from '../../rewrite/remove-dead-code.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { FeedSource } from '../activation-statistics.ts'
import { GraphStatistics } from '../graph-statistics.ts'

export interface Gram {
  /** [size, size]. */
  readonly sum: Float64Array
  readonly size: number
  /** Vectors that were summed over. */
  readonly count: number
}

export interface GramRequest {
  /** The value's name. */
  readonly name: string
  /** Its last axis. */
  readonly size: number
}

/** Of graph inputs and results of nodes of the main graph, along their last axis. @throws RuntimeRejection */
export async function gramMatrices(
  model: Model,
  requests: readonly GramRequest[],
  feeds: FeedSource,
  runtime: Runtime,
  threads: number,
): Promise<ReadonlyMap<string, Gram>> {
  const sums = new Map<string, Gram>()
  if (requests.length === 0) return sums
  const { observed, products } = withProducts(model, requests)
  const options = { threads, optimization: 'basic' } as const
  const session = await runtime.load(modelBytes(observed, 'inline'), options)
  try {
    for await (const batch of feeds) {
      const results = await session.run(batch)
      for (const { name, size, gram, rows } of products) {
        const present = sums.get(name) ?? { sum: new Float64Array(size * size), size, count: 0 }
        add(present.sum, results[gram]?.data ?? [])
        const count = present.count + Number(results[rows]?.data[0] ?? 0)
        sums.set(name, { ...present, count })
      }
    }
  } finally {
    await session.release()
  }
  return sums
}

interface GramOutput extends GramRequest {
  readonly gram: string
  readonly rows: string
}

/** A copy of the model whose outputs are the products and how many vectors went into each. */
function withProducts(
  model: Model,
  requests: readonly GramRequest[],
): { readonly observed: Model; readonly products: readonly GramOutput[] } {
  const observed = copyModel(model)
  const { graph } = observed
  const statistics = new GraphStatistics(observed)
  const values = new Map(graph.inputs.map((value) => [value.name, value] as const))
  for (const { outputs } of graph.nodes()) {
    for (const value of outputs) if (value !== null) values.set(value.name, value)
  }
  const products = requests.flatMap(({ name, size }) => {
    const value = values.get(name)
    if (value === undefined) return []
    const shape = statistics.integers([-1n, BigInt(size)])
    const rows = statistics.op('Reshape', [value, shape])
    const gram = statistics.op('Gemm', [rows, rows], [intAttribute('transA', 1)])
    const sizes = statistics.op('Shape', [rows])
    return [{ name, size, gram, rows: sizes }]
  })
  const outputs = products.flatMap(({ gram, rows }) => [gram, rows])
  graph.outputs.splice(0, graph.outputs.length, ...outputs)
  sweepDeadCode(observed)
  return {
    observed,
    products: products.map(({ name, size, gram, rows }) => {
      return { name, size, gram: gram.name, rows: rows.name }
    }),
  }
}

function add(sum: Float64Array, terms: ArrayLike<number | bigint>): void {
  for (let index = 0; index < sum.length; index += 1) {
    sum[index] = (sum[index] ?? 0) + Number(terms[index] ?? 0)
  }
}
