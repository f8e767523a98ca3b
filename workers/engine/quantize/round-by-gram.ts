// Adaptive rounding in Gram form: which of the two neighbouring integers each weight takes, so that the layer's output errs least.
// With e = s·q − w and G = Σ x·xᵀ over the layer's inputs, the error of an output is eᵀ·G·e: the data itself is not needed.

/** Weights are visited so often at most; most of the gain is had in the first round. */
const SWEEPS = 5

/** Added to the diagonal of G, as a share of its mean: fewer samples than inputs leave directions without any weight. */
const DAMPING = 0.01

export interface GramMatrix {
  /** [groups, inputs, inputs] */
  readonly values: Float64Array
  readonly groups: number
  readonly inputs: number
}

/**
 * `weights`: [outputs, inputs] with outputs in order of their groups; one scale per output or one for all. Gives integers
 * within ± `limit`.
 */
export function roundByGram(
  weights: Float32Array,
  scales: Float32Array,
  limit: number,
  { values, groups, inputs }: GramMatrix,
): Int8Array {
  const outputs = weights.length / inputs
  const rounded = new Int8Array(weights.length)
  for (let output = 0; output < outputs; output += 1) {
    const scale = scales[scales.length === 1 ? 0 : output] ?? 1
    const group = Math.floor((output * groups) / outputs)
    const gram = values.subarray(group * inputs * inputs, (group + 1) * inputs * inputs)
    const row = weights.subarray(output * inputs, (output + 1) * inputs)
    rounded.set(roundRow(row, scale, limit, gram), output * inputs)
  }
  return rounded
}

/** Coordinate descent from the nearest integers: changing q by δ/s changes the error by 2·δ·(G·e)_j + δ²·G_jj. */
function roundRow(row: Float32Array, scale: number, limit: number, gram: Float64Array): Int8Array {
  const size = row.length
  let trace = 0
  for (let index = 0; index < size; index += 1) trace += gram[index * size + index] ?? 0
  const damping = (DAMPING * trace) / size
  const rounded = Int8Array.from(row, (weight) => {
    return Math.max(-limit, Math.min(limit, Math.round(weight / scale)))
  })
  const errors = Float64Array.from(row, (weight, index) => scale * (rounded[index] ?? 0) - weight)
  const slope = new Float64Array(size)
  for (let at = 0; at < size; at += 1) {
    const error = errors[at] ?? 0
    if (error === 0) continue
    for (let other = 0; other < size; other += 1) {
      slope[other] = (slope[other] ?? 0) + error * (gram[at * size + other] ?? 0)
    }
    slope[at] = (slope[at] ?? 0) + error * damping
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    let changes = 0
    for (let at = 0; at < size; at += 1) {
      // The other neighbour lies on the other side of the weight.
      const step = (errors[at] ?? 0) > 0 ? -1 : 1
      const next = (rounded[at] ?? 0) + step
      if (Math.abs(next) > limit) continue
      const delta = step * scale
      const curvature = (gram[at * size + at] ?? 0) + damping
      if (2 * delta * (slope[at] ?? 0) + delta * delta * curvature >= 0) continue
      rounded[at] = next
      errors[at] = (errors[at] ?? 0) + delta
      for (let other = 0; other < size; other += 1) {
        slope[other] = (slope[other] ?? 0) + delta * (gram[at * size + other] ?? 0)
      }
      slope[at] = (slope[at] ?? 0) + delta * damping
      changes += 1
    }
    if (changes === 0) break
  }
  return rounded
}
