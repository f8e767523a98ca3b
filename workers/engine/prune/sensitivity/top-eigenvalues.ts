// The largest curvature of each layer: the top eigenvalue of the Hessian of the loss in that layer's weights alone (HAWQ, Dong et al.
// 2019), from products H·v. The larger, the more the loss gains when the weights move by as much in the worst direction.
// The loss is the divergence from the model itself: with the cross-entropy its Hessian in one layer is that against labels wherever the
// layers behind are linear piece by piece, since labels enter the gradient alone, and no kink of a ReLU that a difference of gradients
// steps over counts, since there is no gradient.

import { countMacs } from '#src/onnx/macs/count-macs'
import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Fields, GradientBatches, GradientTask } from '../../train/gradient-batches.ts'
import { openGradientBatches } from '../../train/gradient-batches.ts'
import { labelOf } from '../../rewrite/pass.ts'
import { curvatureAlong } from '../importance/curvature-along.ts'
import { uniformNumbers } from '../importance/random.ts'
import { weightReadings } from '../reading-layers.ts'
import { topEigenvalue } from './lanczos.ts'

export interface LayerCurvature {
  /** Those that read the weights. */
  readonly layers: readonly string[]
  readonly weight: string
  /** Of largest absolute value; negative where the loss bends down. */
  readonly topEigenvalue: number | null
  /** Products H·v that it took. */
  readonly products: number
  /** Whether there is an eigenvalue within 1 % of it. */
  readonly converged: boolean
  /** Why there is none. */
  readonly reason: string | null
}

export interface Curvature {
  readonly samples: number
  readonly layers: readonly LayerCurvature[]
}

const BATCH = 8
const MOST_SAMPLES = 64
const LEAST_SAMPLES = 8

const LIMITS = { products: 20, tolerance: 0.01 }
/** What most layers take. */
const USUAL_PRODUCTS = 6

/** Share of the weights by which they move: the gradient is 0 where they are, so that little noise is in it, and few kinks are met. */
const STEP = 0.001

/**
 * Multiply-accumulates: fewer samples are taken to stay below, then only the largest layers. On one thread ResNet-14 takes 22 s for 64
 * samples, MobileNetV2 at 224² two minutes for 8 in 11 of its layers.
 */
const MOST_WORK = 1e12
/** Runs of the model that a product costs for each sample: two gradients, each worth three. */
const RUNS = 6

interface Layer {
  readonly weight: string
  readonly size: number
  readonly labels: string[]
}

/** `task`: the model against itself. `model` stays as it is. @throws GradientRefusal; RuntimeRejection */
export async function topEigenvalues(
  model: Model,
  task: GradientTask,
  seed: number,
  runtime: Runtime,
): Promise<Curvature> {
  const layers = layersOf(model)
  const { samples, measured } = await affordable(model, layers, task)
  const options = { size: BATCH, targets: 'own', seed } as const
  const session = await openGradientBatches(model, { ...task, limit: samples }, options, runtime)
  try {
    const batches: Fields[] = []
    for await (const fields of session.batches()) batches.push(fields)
    const found: LayerCurvature[] = []
    for (const { weight, labels } of layers) {
      const told = { layers: labels, weight }
      const elements = session.weights.get(weight)
      const reason = reasonAgainst(elements, measured.has(weight))
      if (elements === undefined || reason !== null) {
        found.push({ ...told, topEigenvalue: null, products: 0, converged: false, reason })
        continue
      }
      const next = uniformNumbers(seed)
      const start = elements.map(() => 2 * next() - 1)
      const multiply = (direction: Float32Array) => {
        return productOf(session, batches, weight, direction)
      }
      const { value, ...rest } = await topEigenvalue(multiply, start, LIMITS)
      const isNumber = Number.isFinite(value)
      found.push({
        ...told,
        ...rest,
        topEigenvalue: isNumber ? value : null,
        reason: isNumber ? null : 'its gradients are no numbers',
      })
    }
    return { samples, layers: found }
  } finally {
    await session.release()
  }
}

function layersOf(model: Model): Layer[] {
  const layers = new Map<string, Layer>()
  for (const { node, weight, tensor } of weightReadings(model)) {
    const size = tensor.dims.reduce((product, dim) => product * dim, 1)
    const layer = layers.get(weight.name) ?? { weight: weight.name, size, labels: [] }
    layer.labels.push(labelOf(node))
    layers.set(weight.name, layer)
  }
  return [...layers.values()]
}

/** As many samples as the work allows, and where the fewest are too many the layers with the most weights. */
async function affordable(
  model: Model,
  layers: readonly Layer[],
  { samples: source, limit }: GradientTask,
): Promise<{ samples: number; measured: ReadonlySet<string> }> {
  const fields = Object.entries(await source.batch(0, 1))
  const dims = Object.fromEntries(fields.map(([name, tensor]) => [name, tensor.dims]))
  const each = Math.max(1, countMacs(model, dims) ?? 1) * RUNS * USUAL_PRODUCTS
  const wanted = Math.min(MOST_SAMPLES, limit, source.count)
  const allowed = Math.floor(MOST_WORK / (each * Math.max(1, layers.length)))
  // Whole batches weigh alike.
  const whole = Math.floor(allowed / BATCH) * BATCH
  const samples = Math.min(wanted, Math.max(LEAST_SAMPLES, whole))
  const most = Math.max(1, Math.floor(MOST_WORK / (each * samples)))
  const bySize = layers.toSorted((one, other) => other.size - one.size)
  return { samples, measured: new Set(bySize.slice(0, most).map(({ weight }) => weight)) }
}

function reasonAgainst(elements: Float32Array | undefined, isMeasured: boolean): string | null {
  if (elements === undefined) return 'its weights have no gradient'
  if (!isMeasured) return 'left out: layers with more weights took the time there is for it'
  return elements.every((value) => value === 0) ? 'its weights are 0' : null
}

/** H·v of the mean loss over the batches, in the elements of one weight. */
async function productOf(
  session: GradientBatches,
  batches: readonly Fields[],
  weight: string,
  direction: Float32Array,
): Promise<Float64Array> {
  const total = new Float64Array(direction.length)
  for (const fields of batches) {
    const curved = await curvatureAlong(session, fields, new Map([[weight, direction]]), STEP)
    const own = curved.get(weight)
    for (const at of total.keys()) total[at] = (total[at] ?? 0) + (own?.[at] ?? 0) / batches.length
  }
  return total
}
