// Normalisations that lost indices take their statistics of what is left: z instead of y. Scale and bias are fitted anew to what the
// original gave, channel by channel by least squares: γ′ = cov(z, y) ÷ var(z), β′ = mean(y) − γ′·mean(z). What remains is the error
// that the report states.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'
import { GraphStatistics } from '../../quantize/graph-statistics.ts'
import { copyModel } from '../../rewrite/copy-model.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ImportanceContext } from '../importance/importance.ts'
import type { KeptIndices } from '../kept-indices.ts'
import type { AxisTrace } from '../trace-axes.ts'
import type { Feeds } from '../verify-pruned.ts'
import type { FittableNorm } from './fittable-norms.ts'
import { fittableNorms } from './fittable-norms.ts'
import { meanOutputs } from './layer-means.ts'

/** Squared error of the outputs kept as a share of their variance, with the statistics of what is left. */
export interface NormError {
  readonly layer: string
  readonly channels: number
  readonly kept: number
  readonly error: number | 'unknown'
  /** Once scale and bias are fitted. */
  readonly refitted: number | 'not fitted'
}

export interface NormFit {
  readonly errors: readonly NormError[]
  /** Changes scales and biases of the traced model, before anything is removed from it. */
  apply(): void
}

interface LosingNorm {
  /** What the report calls it by. */
  readonly node: Node
  readonly size: number
  readonly kept: readonly number[]
  readonly fittable: FittableNorm | 'none'
}

/** Means over all samples, by channel kept. */
interface Moments {
  readonly y: Float64Array
  readonly z: Float64Array
  readonly yy: Float64Array
  readonly zz: Float64Array
  readonly yz: Float64Array
}

/** Every normalisation that takes statistics over an axis which loses indices. */
export function losingNorms(trace: AxisTrace, kept: KeptIndices): LosingNorm[] {
  const losing = new Map<Node, Pick<LosingNorm, 'size' | 'kept'>>()
  for (const { node, labels } of trace.normalizedAxes) {
    if (kept.isWhole(labels) || losing.has(node)) continue
    losing.set(node, { size: labels.size, kept: kept.of(labels) })
  }
  const owners = new Map<Node, FittableNorm>()
  for (const norm of fittableNorms(trace, losing.keys())) {
    for (const node of norm.statistics) owners.set(node, norm)
  }
  return [...losing].flatMap(([node, own]): LosingNorm[] => {
    const fittable = owners.get(node) ?? 'none'
    // One entry where a norm is written out with a mean and a spread.
    if (fittable !== 'none' && fittable.statistics.at(-1) !== node) return []
    return [{ node, ...own, fittable }]
  })
}

/** Looks at the model as it was. */
export async function fitNorms(
  trace: AxisTrace,
  kept: KeptIndices,
  feeds: ImportanceContext['feeds'],
  runtime: Runtime,
): Promise<NormFit> {
  const losing = losingNorms(trace, kept)
  const moments = await measure(trace, losing, feeds, runtime)
  const fits = losing.map((norm) => ({ norm, fit: fitOf(norm, moments.get(norm.node)) }))
  const errors = fits.map(({ norm, fit }): NormError => {
    const { node, size, kept: places } = norm
    const error = fit === 'none' ? 'unknown' : fit.before
    const refitted = fit === 'none' ? 'not fitted' : fit.after
    return { layer: labelOf(node), channels: size, kept: places.length, error, refitted }
  })
  const apply = (): void => {
    for (const { norm, fit } of fits) if (fit !== 'none') store(norm, fit)
  }
  return { errors, apply }
}

async function measure(
  trace: AxisTrace,
  losing: readonly LosingNorm[],
  feeds: ImportanceContext['feeds'],
  runtime: Runtime,
): Promise<Map<Node, Moments>> {
  const found = new Map<Node, Moments>()
  const fitted = losing.filter(({ fittable }) => fittable !== 'none')
  if (feeds === 'none' || fitted.length === 0) return found
  const copy = copyModel(trace.model)
  const statistics = new GraphStatistics(copy)
  const values = valuesOf(copy)
  const names = new Map<Node, string[]>()
  for (const { node, kept, fittable } of fitted) {
    if (fittable === 'none') continue
    const [input, output] = [values.get(fittable.input.name), values.get(fittable.output.name)]
    if (input === undefined || output === undefined) continue
    const outputs = appendMoments(statistics, { ...fittable, input, output }, kept)
    copy.graph.outputs.push(...outputs)
    names.set(
      node,
      outputs.map(({ name }) => name),
    )
  }
  const batches: Feeds[] = []
  for await (const batch of feeds) batches.push(batch)
  const means = await meanOutputs(copy, [...names.values()].flat(), batches, runtime)
  for (const [node, own] of names) {
    const [y, z, yy, zz, yz] = own.map((name) => means.get(name)?.mean)
    if (y && z && yy && zz && yz) found.set(node, { y, z, yy, zz, yz })
  }
  return found
}

function valuesOf({ graph }: Model): Map<string, Value> {
  const made = [...graph.nodes()].flatMap(({ outputs }) => outputs)
  const all = [...graph.inputs, ...made]
  return new Map(all.flatMap((value) => (value === null ? [] : [[value.name, value] as const])))
}

function appendMoments(
  statistics: GraphStatistics,
  norm: FittableNorm,
  kept: readonly number[],
): Value[] {
  const { input, output, axis } = norm
  const places = statistics.integers(kept.map(BigInt))
  const along = [intAttribute('axis', axis)]
  const ones = statistics.graph.addInitializer(
    typedTensor(
      statistics.name('stat_ones'),
      'float32',
      [kept.length],
      new Float32Array(kept.length).fill(1),
    ),
  )
  const z = norm.again(statistics, statistics.op('Gather', [input, places], along), ones)
  const y = statistics.op('Gather', [output, places], along)
  const products = [
    y,
    z,
    ...[
      [y, y],
      [z, z],
      [y, z],
    ].map((pair) => statistics.op('Mul', pair)),
  ]
  return products.map((value) => statistics.perChannel('ReduceMean', value, axis))
}

interface Fit {
  readonly scale: Float64Array
  readonly bias: Float64Array
  readonly before: number
  readonly after: number
}

function fitOf({ fittable, kept }: LosingNorm, moments: Moments | undefined): Fit | 'none' {
  if (fittable === 'none' || moments === undefined) return 'none'
  const tensors = [fittable.scale.constant, fittable.bias?.constant ?? null] as const
  if (tensors[0] === null) return 'none'
  const scales = floatValues(tensors[0])
  const biases = tensors[1] === null ? null : floatValues(tensors[1])
  const [scale, bias] = [new Float64Array(kept.length), new Float64Array(kept.length)]
  let [before, after, variance] = [0, 0, 0]
  for (const [at, place] of kept.entries()) {
    const [y, z, yy, zz, yz] = [moments.y, moments.z, moments.yy, moments.zz, moments.yz].map(
      (values) => values[at] ?? 0,
    ) as [number, number, number, number, number]
    const own = scales[place] ?? 1
    const offset = biases?.[place] ?? 0
    // Without a bias the line goes through 0.
    const [shiftY, shiftZ] = biases === null ? [0, 0] : [y, z]
    const spread = zz - shiftZ * shiftZ
    const slope = spread > 1e-12 ? (yz - shiftY * shiftZ) / spread : own
    const shift = biases === null ? 0 : y - slope * z
    scale[at] = slope
    bias[at] = shift
    const error = (g: number, b: number) =>
      yy - 2 * (g * yz + b * y) + g * g * zz + 2 * g * b * z + b * b
    before += error(own, offset)
    after += error(slope, shift)
    variance += yy - y * y
  }
  const share = (sum: number) => (variance > 0 ? Math.max(0, sum) / variance : 0)
  return { scale, bias, before: share(before), after: share(after) }
}

function store({ fittable, kept }: LosingNorm, { scale, bias }: Fit): void {
  if (fittable === 'none') return
  for (const [value, fitted] of [
    [fittable.scale, scale],
    [fittable.bias, bias],
  ] as const) {
    const tensor = value?.constant ?? null
    if (value === null || tensor === null) continue
    const values = Float32Array.from(floatValues(tensor))
    for (const [at, place] of kept.entries()) values[place] = fitted[at] ?? 0
    value.graph?.setInitializer(value, typedTensor(tensor.name, 'float32', tensor.dims, values))
  }
}
