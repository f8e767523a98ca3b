// Small models for pruning, and the check that a pruned model equals the masked one.

import { keepAxesAlive } from '#engine/prune/keep-axes-alive'
import { KeptIndices } from '#engine/prune/kept-indices'
import { prepareModel } from '#engine/prune/prepare-model'
import { removeIndices } from '#engine/prune/remove-indices'
import type { NormalizedAxes } from '#engine/prune/trace-axes'
import { AxisTrace } from '#engine/prune/trace-axes'
import type { Unit } from '#engine/prune/units'
import { unitsOf } from '#engine/prune/units'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { DataType } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import type { Feeds } from '#test/engine/model-runs'
import {
  floatConstant,
  floatTensor,
  relativeDifference,
  runModel,
  runtime,
} from '#test/engine/model-runs'
import { maskedModel } from './masked-model.ts'
import { seededRandom } from './seeded-random.ts'

export interface PruneCase {
  readonly title: string
  /** Inputs of the graph, `B` for an open batch. */
  readonly input: string
  /** Sizes of float constants by name, normal values. */
  readonly weights: Readonly<Record<string, readonly number[]>>
  /** Further constants, as text. */
  readonly constants?: readonly string[]
  readonly body: string
  readonly output?: string
  readonly opset?: number
  /** What becomes of axes that are normalised over; they stay whole unless said. */
  readonly normalized?: NormalizedAxes
  /** Sizes of the units, in descending order. */
  readonly units: readonly number[]
}

export function caseModel({
  input,
  weights,
  constants = [],
  body,
  output,
  opset = 17,
}: PruneCase): Model {
  const floats = Object.entries(weights).map(([name, dims], index) => {
    // About the same size at every depth.
    const fan = dims.length < 2 ? 1 : dims.slice(1).reduce((product, dim) => product * dim, 1)
    const isVariance = name.startsWith('var')
    const text = floatConstant(name, dims, index + 1, isVariance ? 1 : 1 / Math.sqrt(fan))
    return isVariance ? text.replaceAll('-', '') : text
  })
  const all = [...floats, ...constants].join(', ')
  const header = `<ir_version: 8, opset_import: ["" : ${opset}, "com.microsoft" : 1]>`
  return parseModel(`${header} g (${input}) => (${output ?? 'float y'}) <${all}> { ${body} }`)
}

export interface Comparison {
  /** Largest difference to the masked model, as a share of the largest output. */
  readonly error: number
  /** The same between the masked model and the original: 0 would make the comparison blind. */
  readonly effect: number
}

/** Atoms to remove: of each unit as many as the fraction says, at least one is kept. */
export function chosenAtoms(units: readonly Unit[], fraction: number, seed: number): Set<number> {
  const random = seededRandom(seed)
  return new Set(
    units.flatMap(({ atoms }) => {
      const count = Math.min(atoms.length - 1, Math.round(atoms.length * fraction))
      const shuffled = atoms
        .map((atom) => ({ atom, key: random() }))
        .sort((one, other) => one.key - other.key)
      return shuffled.slice(0, count).map(({ atom }) => atom)
    }),
  )
}

export async function tracedCase(
  model: Model,
  normalized: NormalizedAxes = 'whole',
): Promise<{ trace: AxisTrace; units: Unit[] }> {
  await prepareModel(model, runtime)
  const trace = new AxisTrace(model, new Set(), normalized)
  return { trace, units: unitsOf(trace) }
}

/** Prunes the traced model in place and compares it at each batch size. */
export async function comparePruned(
  trace: AxisTrace,
  removed: Set<number>,
  batches: readonly number[],
  feedsAt: (shapes: InputShapes, model: Model) => Feeds = noiseFeeds,
): Promise<Comparison> {
  keepAxesAlive(trace, removed)
  const whole = maskedModel(trace, new Set())
  const masked = maskedModel(trace, removed)
  removeIndices(trace, new KeptIndices(trace.algebra, removed))
  let [error, effect] = [0, 0]
  for (const batch of batches) {
    const feeds = feedsAt(trace.shapes.inputsAt(batch), whole)
    const expected = await runModel(masked, feeds)
    const actual = await runModel(trace.model, feeds)
    error = Math.max(error, relativeDifference(expected, actual))
    effect = Math.max(effect, relativeDifference(expected, await runModel(whole, feeds)))
  }
  return { error, effect }
}

type InputShapes = Readonly<Record<string, readonly number[]>>

/** Normal values; integers count from 0 to 2. */
export function noiseFeeds(shapes: InputShapes, model: Model): Feeds {
  const feeds: Record<string, RuntimeTensor> = {}
  for (const [index, { name, type }] of model.graph.inputs.entries()) {
    const shape = shapes[name]
    if (type?.kind !== 'tensor' || shape === undefined) throw new Error(`'${name}' is no tensor`)
    feeds[name] =
      type.dtype === 'float32' ? floatTensor(shape, index + 77) : countingTensor(type.dtype, shape)
  }
  return feeds
}

function countingTensor(dtype: DataType | 'none', dims: readonly number[]): RuntimeTensor {
  const count = dims.reduce((product, dim) => product * dim, 1)
  const numbers = Array.from({ length: count }, (_, index) => index % 3)
  if (dtype === 'int32') return { dtype, dims, data: Int32Array.from(numbers) }
  if (dtype === 'int64') return { dtype, dims, data: BigInt64Array.from(numbers, BigInt) }
  throw new Error(`no noise of type ${dtype}`)
}
