// Layers in groups whose inputs' second moments fit into memory together. Each group sees the model with the groups before it quantized already.

import type { Model } from '#src/onnx/ir/model'
import type { Gram, GramRequest } from './gram-matrices.ts'
import { gramMatrices } from './gram-matrices.ts'
import type { WeightOnlyContext } from './weight-only-options.ts'
import type { WeightSite } from './weight-sites.ts'
import { matrixOf } from './weight-sites.ts'

/** Of all matrices of a group in double precision. */
const GROUP_BYTES = 2 ** 28

export interface GramBatch {
  readonly batch: readonly WeightSite[]
  /** Of the layers' inputs; empty without data. */
  readonly grams: ReadonlyMap<WeightSite, Gram>
}

/** `isRunnable`: the model may be copied and run as a whole. */
export async function* gramBatches(
  model: Model,
  sites: readonly WeightSite[],
  { feeds, runtime, threads }: WeightOnlyContext,
  isRunnable: boolean,
): AsyncGenerator<GramBatch> {
  if (feeds === null || !isRunnable) {
    yield { batch: sites, grams: new Map() }
    return
  }
  for (const batch of groupsOf(sites)) {
    const byName = await gramMatrices(model, requestsOf(batch), feeds, runtime, threads)
    // By layer, since the names of inputs change as what makes them is replaced.
    const grams = batch.flatMap((site) => {
      const gram = byName.get(site.node.input(0)?.name ?? '')
      return gram === undefined ? [] : [[site, gram] as const]
    })
    yield { batch, grams: new Map(grams) }
  }
}

function groupsOf(sites: readonly WeightSite[]): WeightSite[][] {
  const groups: WeightSite[][] = []
  let bytes = Infinity
  const known = new Set<string>()
  for (const site of sites) {
    const [request] = requestsOf([site])
    const isNew = request !== undefined && !known.has(request.name)
    const own = isNew ? 8 * request.size ** 2 : 0
    if (bytes + own > GROUP_BYTES) {
      groups.push([])
      known.clear()
      bytes = 0
    }
    if (request !== undefined) known.add(request.name)
    bytes += own
    groups.at(-1)?.push(site)
  }
  return groups
}

function requestsOf(sites: readonly WeightSite[]): GramRequest[] {
  const sizes = new Map<string, number>()
  for (const site of sites) {
    const input = site.node.input(0)
    if (site.stored.use === 'product' && input !== null) {
      sizes.set(input.name, matrixOf(site).columns)
    }
  }
  return Array.from(sizes, ([name, size]) => ({ name, size }))
}
