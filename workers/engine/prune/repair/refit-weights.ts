// Weights behind removed channels, fitted anew: what the kept inputs can tell of the lost ones is put into their weights. With
// G = Σ x·xᵀ of the whole model, w′ = G_KK⁻¹·G_K·w has the least squared error over all weights of the kept inputs K (He et al.,
// Channel Pruning for Accelerating Very Deep Neural Networks, 2017). Where the data say little, weights stay near what they were:
// (G_KK + λ)·w′ = G_K·w + λ·w_K. No labels are needed.

import type { Tensor } from '#src/onnx/ir/tensor'
import { typedTensor } from '#src/onnx/ir/tensor'
import { floatValues } from '#src/onnx/tensor-values'
import { gramMatrices } from '../../quantize/gram-matrices.ts'
import type { GramMatrix } from '../../quantize/round-by-gram.ts'
import type { Declined } from '../../rewrite/pass.ts'
import { labelOf } from '../../rewrite/pass.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { KeptIndices } from '../kept-indices.ts'
import type { WeightReading } from '../reading-layers.ts'
import { weightReadings } from '../reading-layers.ts'
import type { AxisTrace } from '../trace-axes.ts'
import type { Feeds } from '../verify-pruned.ts'
import { choleskyFactor, meanDiagonal, solveFactored } from './solve-symmetric.ts'

const RULE = 'refit'

/** λ as a share of the mean of G's diagonal: fewer samples than inputs leave directions that nothing is known of. */
const DAMPING = 0.01

export interface Refit {
  readonly layers: number
  readonly declined: readonly Declined[]
}

/** Changes weights of the traced model, before anything is removed from it. */
export async function refitWeights(
  trace: AxisTrace,
  kept: KeptIndices,
  batches: readonly Feeds[],
  runtime: Runtime,
): Promise<Refit> {
  const readings = weightReadings(trace.model)
  const losing = readings.filter((reading) => losesInputs(trace, kept, reading))
  const wanted = new Set(losing.map(({ node }) => labelOf(node)))
  const others = readings.map(({ node }) => labelOf(node)).filter((label) => !wanted.has(label))
  const grams = await gramMatrices(trace.model, new Set(others), batches, runtime, 1)
  const declined = grams.declined.map((one) => ({ ...one, rule: RULE }))
  let layers = 0
  for (const reading of losing) {
    const gram = grams.matrices.get(labelOf(reading.node))
    if (gram === undefined || gram.groups !== 1 || reading.tensor.dtype !== 'float32') continue
    if (refit(trace, kept, reading, gram)) layers += 1
    else
      declined.push({
        rule: RULE,
        node: labelOf(reading.node),
        reason: 'its inputs vary too little',
      })
  }
  return { layers, declined }
}

/** A weight that several layers read has no one right answer. */
function losesInputs(
  trace: AxisTrace,
  kept: KeptIndices,
  { weight, axis }: WeightReading,
): boolean {
  if (axis === 'none' || weight.uses.size !== 1) return false
  const labels = trace.axesOf(weight)[axis]
  return labels !== undefined && !kept.isWhole(labels)
}

function refit(
  trace: AxisTrace,
  kept: KeptIndices,
  { weight, tensor, axis }: WeightReading,
  { values: gram, inputs }: GramMatrix,
): boolean {
  const labels = axis === 'none' ? undefined : trace.axesOf(weight)[axis]
  if (labels === undefined || axis === 'none') return false
  const window = inputs / labels.size
  const places = kept.of(labels).flatMap((channel) => {
    return Array.from({ length: window }, (_, at) => channel * window + at)
  })
  const size = places.length
  const part = new Float64Array(size * size)
  for (const [row, place] of places.entries()) {
    for (const [column, other] of places.entries()) {
      part[row * size + column] = gram[place * inputs + other] ?? 0
    }
  }
  const damping = DAMPING * meanDiagonal(part, size)
  const factor = choleskyFactor(part, size, damping)
  if (factor === null) return false
  const weights = Float32Array.from(floatValues(tensor))
  const layout = layoutOf(tensor, axis, inputs)
  for (let output = 0; output < layout.outputs; output += 1) {
    const at = (input: number) => layout.start(output) + input * layout.stride
    const right = Float64Array.from(places, (place) => {
      let sum = damping * (weights[at(place)] ?? 0)
      for (let input = 0; input < inputs; input += 1) {
        sum += (gram[place * inputs + input] ?? 0) * (weights[at(input)] ?? 0)
      }
      return sum
    })
    const fitted = solveFactored(factor, right)
    for (const [index, place] of places.entries()) weights[at(place)] = fitted[index] ?? 0
  }
  const fittedTensor = typedTensor(tensor.name, 'float32', tensor.dims, weights)
  weight.graph?.setInitializer(weight, fittedTensor)
  return true
}

interface Layout {
  readonly outputs: number
  readonly stride: number
  start(output: number): number
}

/** Rows of inputs, or columns where the inputs come first ([K, N]). */
function layoutOf({ dims }: Tensor, axis: number, inputs: number): Layout {
  const outputs = dims.reduce((product, dim) => product * dim, 1) / inputs
  if (axis === 0) return { outputs, stride: outputs, start: (output) => output }
  return { outputs, stride: 1, start: (output) => output * inputs }
}
