// AWQ over a whole model: layers that share an input share its scales, which are folded into what comes before.

import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import { FreshNames } from '../../rewrite/fresh-names.ts'
import type { Declined } from '../../rewrite/pass.ts'
import { labelOf } from '../../rewrite/pass.ts'
import { searchInputScales } from './activation-aware.ts'
import { fitOf, settingsOf } from './site-settings.ts'
import { gramBatches } from './gram-batches.ts'
import type { Gram } from './gram-matrices.ts'
import { GramNorm } from './gram-norm.ts'
import { divide, divisionsOf, scaledAlong } from './input-scales.ts'
import type { WeightOnlyContext, WeightOnlyOptions } from './weight-only-options.ts'
import type { WeightSite } from './weight-sites.ts'
import { matrixOf } from './weight-sites.ts'

export interface InputScaling {
  /** Inputs that were scaled, with ‖error‖ at the outputs before and after; `null`: not asked for. */
  readonly details: readonly unknown[] | null
  readonly declined: readonly Declined[]
}

/** The float model computes the same as before. `isRunnable`: the model may be copied and run as a whole. */
export async function applyInputScales(
  model: Model,
  sites: readonly WeightSite[],
  options: WeightOnlyOptions,
  context: WeightOnlyContext,
  isRunnable: boolean,
): Promise<InputScaling> {
  const details: unknown[] = []
  const declined: Declined[] = []
  const norm = await GramNorm.open(context.runtime, context.threads)
  const names = new FreshNames(model)
  const foldable = [...readersByInput(sites)].filter(([input, readers]) => {
    const reason = reasonToLeave(input, readers)
    if (reason !== 'none') {
      declined.push({ rule: 'input-scales', node: labelOf(readers[0].node), reason })
    }
    return reason === 'none'
  })
  const ordered = foldable.flatMap(([, readers]) => readers)
  try {
    for await (const { batch, grams } of gramBatches(model, ordered, context, isRunnable)) {
      for (const [input, readers] of readersByInput(batch)) {
        const divisions = divisionsOf(input, matrixOf(readers[0]).columns, readers.length)
        const gram = grams.get(readers[0])
        if (gram === undefined || typeof divisions === 'string') continue
        const { scales, before, after } = await search(readers, gram, options, norm)
        if (scales === null) continue
        divide(divisions, scales, () => names.make('scaled'))
        for (const reader of readers) scaleWeight(model, reader, scales, names.make('scaled'))
        const layers = readers.map(({ node }) => labelOf(node))
        details.push({ layers, error_before: Math.sqrt(before), error_after: Math.sqrt(after) })
      }
    }
  } finally {
    await norm.close()
  }
  return { details, declined }
}

function reasonToLeave(input: Value, readers: Readers): string {
  const divisions = divisionsOf(input, matrixOf(readers[0]).columns, readers.length)
  if (typeof divisions === 'string') return divisions
  return readers.every(({ weight }) => weight.uses.size === 1) ? 'none' : 'its weight is shared'
}

type Readers = readonly [WeightSite, ...WeightSite[]]

function readersByInput(sites: readonly WeightSite[]): Map<Value, Readers> {
  const readers = new Map<Value, Readers>()
  for (const site of sites) {
    const input = site.node.input(0)
    if (site.stored.use !== 'product' || input === null) continue
    readers.set(input, [...(readers.get(input) ?? []), site] as unknown as Readers)
  }
  return readers
}

function search(
  readers: Readers,
  gram: Gram,
  options: WeightOnlyOptions,
  norm: GramNorm,
): ReturnType<typeof searchInputScales> {
  const settings = settingsOf(options)
  return searchInputScales(readers.map(matrixOf), gram, settings, fitOf(options, settings), norm)
}

/** W · s, of the contracted axis. Its value stays the same, so that sites go on naming it. */
function scaleWeight(model: Model, site: WeightSite, scales: Float32Array, name: string): void {
  const { weight } = site
  const tensor = weight.constant
  if (tensor === null) return
  const axis = matrixOf(site).order === 'row-major' ? 1 : 0
  model.graph.setInitializer(weight, scaledAlong(tensor, axis, scales, name))
}
