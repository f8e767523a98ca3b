// Dense convolutions and matrix products as two of lower rank, wherever that keeps the energy asked for and saves enough.

import { Matrix } from 'ml-matrix'
import type { Model } from '#src/onnx/ir/model'
import { floatValues } from '#src/onnx/tensor-values'
import type { FactoredLayer } from '../ops/integer-kernel.ts'
import { opRule } from '../ops/registry.ts'
import type { WeightReading } from '../prune/reading-layers.ts'
import { weightReadings } from '../prune/reading-layers.ts'
import type { Feeds } from '../prune/verify-pruned.ts'
import { gramMatrices } from '../quantize/gram-matrices.ts'
import { FreshNames } from '../rewrite/fresh-names.ts'
import type { Declined } from '../rewrite/pass.ts'
import { labelOf } from '../rewrite/pass.ts'
import { sweepDeadCode } from '../rewrite/remove-dead-code.ts'
import { simplify } from '../rewrite/simplify.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { RankRule } from './choose-rank.ts'
import { chooseRank } from './choose-rank.ts'
import { spectrumOf } from './low-rank.ts'
import { replaceLayer } from './replace-layer.ts'

const RULE = 'factorize'
/** A decomposition takes some ten times the cube of its side: half a minute. */
const MOST_SIDE = 1536
/** Second moments of more inputs take longer to add up than they are worth; the weights alone decide then. */
const MOST_MEASURED = 2304

export interface FactorizeOptions {
  readonly rule: RankRule
  readonly excludedLayers: readonly string[]
  readonly threads: number
  readonly progress: (fraction: number, message: string) => void
}

export interface FactorizeResult {
  readonly details: Readonly<Record<string, unknown>>
  readonly declined: readonly Declined[]
}

interface Candidate {
  readonly reading: WeightReading
  readonly layer: FactoredLayer
}

/** Changes `model` in place. `batches`: none where there are no samples. @throws RuntimeRejection */
export async function factorize(
  model: Model,
  options: FactorizeOptions,
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<FactorizeResult> {
  const { declined: unsimplified } = await simplify(model, runtime)
  const declined: Declined[] = [...unsimplified]
  const decline = (reading: WeightReading, reason: string): void => {
    declined.push({ rule: RULE, node: labelOf(reading.node), reason })
  }
  const candidates = candidatesOf(model, options.excludedLayers, decline)
  const grams = await moments(model, candidates, batches, options, runtime)
  const names = new FreshNames(model)
  const layers: Record<string, unknown>[] = []
  for (const [index, { reading, layer }] of candidates.entries()) {
    const label = labelOf(reading.node)
    options.progress(index / candidates.length, `layer ${label}`)
    const gram = grams.get(label) ?? null
    const weight = rowsOf(reading)
    const spectrum = spectrumOf(weight, gram)
    if (typeof spectrum === 'string') {
      decline(reading, spectrum)
      continue
    }
    const dims = [weight.rows, weight.columns] as const
    const chosen = chooseRank(spectrum.energies, dims, options.rule)
    if (typeof chosen === 'string') {
      decline(reading, chosen)
      continue
    }
    replaceLayer(reading, layer, spectrum.factors(chosen.rank), names)
    const [outputs, inputs] = dims
    layers.push({ layer: label, outputs, inputs, ...chosen, measured: gram !== null })
  }
  sweepDeadCode(model)
  return { details: { factorized: layers.length, candidates: candidates.length, layers }, declined }
}

function candidatesOf(
  model: Model,
  excludedLayers: readonly string[],
  decline: (reading: WeightReading, reason: string) => void,
): Candidate[] {
  const excluded = new Set(excludedLayers)
  return weightReadings(model).flatMap((reading) => {
    const layer = factoredLayer(reading)
    const reason = excluded.has(labelOf(reading.node)) ? 'named in excluded_layers' : layer
    if (typeof reason !== 'string') return [{ reading, layer: reason }]
    decline(reading, reason)
    return []
  })
}

/** How the node becomes two; or why it does not. */
function factoredLayer({ node, weight, tensor, axis }: WeightReading): FactoredLayer | string {
  const rule = opRule(node)
  const quantization = rule === 'unknown' ? 'float' : rule.quantization
  const slot = typeof quantization === 'string' ? 'none' : quantization.weight
  const layer = slot === 'none' || slot.factors === 'none' ? null : slot.factors(node)
  if (layer === null || axis === 'none') return 'it is not one dense product'
  if (tensor.dtype !== 'float32') return `its weight is ${tensor.dtype}`
  if (weight.uses.size !== 1) return 'several nodes read its weight'
  const [outputs, inputs] = shapeOf({ tensor, axis })
  const side = Math.min(outputs, inputs)
  if (side > MOST_SIDE)
    return `its weight has ${side} rows and columns at least, ${MOST_SIDE} are decomposed at most`
  return layer
}

function shapeOf({ tensor, axis }: Pick<WeightReading, 'tensor' | 'axis'>): [number, number] {
  const elements = tensor.dims.reduce((product, dim) => product * dim, 1)
  const outputs = tensor.dims[axis === 0 ? 1 : 0] ?? 1
  return [outputs, elements / Math.max(1, outputs)]
}

/** [outputs, inputs] */
function rowsOf({ tensor, axis }: WeightReading): Matrix {
  const [outputs, inputs] = shapeOf({ tensor, axis })
  const values = Float64Array.from(floatValues(tensor))
  return axis === 0
    ? Matrix.from1DArray(inputs, outputs, values).transpose()
    : Matrix.from1DArray(outputs, inputs, values)
}

/** Σ x·xᵀ of what each layer sees, by its label; none without samples, and for layers of very many inputs. */
async function moments(
  model: Model,
  candidates: readonly Candidate[],
  batches: readonly Feeds[],
  { threads }: FactorizeOptions,
  runtime: Runtime,
): Promise<Map<string, Float64Array>> {
  if (batches.length === 0 || candidates.length === 0) return new Map()
  const wanted = new Set(candidates.map(({ reading }) => labelOf(reading.node)))
  const all = weightReadings(model).map(({ node }) => labelOf(node))
  const others = new Set(all.filter((label) => !wanted.has(label)))
  const grams = await gramMatrices(model, others, batches, runtime, threads, MOST_MEASURED)
  return new Map([...grams.matrices].map(([label, { values }]) => [label, values]))
}
