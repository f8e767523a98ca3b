// Top eigenvalues of the Hessian in the weights of each layer, against Hessians by finite differences of a loss computed here.

import { describe, expect, test } from 'vitest'
import { topEigenvalue } from '#engine/prune/sensitivity/lanczos'
import { topEigenvalues } from '#engine/prune/sensitivity/top-eigenvalues'
import { floatValues } from '#src/onnx/tensor-values'
import { FIELDS, HIDDEN, OWN, network, taskOf } from './gate-network.ts'
import { runtime } from './model-runs.ts'

const [INPUTS, CLASSES, SAMPLES] = [6, 3, 16]

const TASK = { ...taskOf(OWN), limit: SAMPLES }

type Weights = Readonly<Record<'w' | 'b' | 'v' | 'c', Float64Array>>

function weightsOf(model = network()): Weights {
  const of = (name: string) => {
    return Float64Array.from(floatValues(model.graph.initializers.get(name)!.constant!))
  }
  return { w: of('w'), b: of('b'), v: of('v'), c: of('c') }
}

/** Logarithms of the probabilities of one sample. */
function logs({ w, b, v, c }: Weights, sample: number): number[] {
  const x = (FIELDS.x.data as Float32Array).subarray(sample * INPUTS, (sample + 1) * INPUTS)
  const hidden = Array.from({ length: HIDDEN }, (_, unit) => {
    return Math.max(
      0,
      x.reduce((sum, value, input) => sum + value * w[input * HIDDEN + unit]!, b[unit]!),
    )
  })
  const logits = Array.from({ length: CLASSES }, (_, at) => {
    return hidden.reduce((sum, value, unit) => sum + value * v[unit * CLASSES + at]!, c[at]!)
  })
  const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0))
  return logits.map((value) => value - total)
}

/** The mean cross-entropy against labels. */
function loss(weights: Weights): number {
  let sum = 0
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    sum -= logs(weights, sample)[sample % CLASSES]!
  }
  return sum / SAMPLES
}

function hessian(name: 'w' | 'v'): number[][] {
  const whole = weightsOf()
  const STEP = 1e-4
  const at = (moves: readonly (readonly [number, number])[]) => {
    const own = Float64Array.from(whole[name])
    for (const [index, sign] of moves) own[index]! += sign * STEP
    return loss({ ...whole, [name]: own })
  }
  const size = whole[name].length
  return Array.from({ length: size }, (_, one) => {
    return Array.from({ length: size }, (__, other) => {
      if (other > one) return 0
      const signs = [1, -1] as const
      const corners = signs.flatMap((a) =>
        signs.map(
          (b) =>
            a *
            b *
            at([
              [one, a],
              [other, b],
            ]),
        ),
      )
      return corners.reduce((sum, corner) => sum + corner, 0) / (4 * STEP ** 2)
    })
  }).map((row, one, all) => row.map((value, other) => (other > one ? all[other]![one]! : value)))
}

/** The eigenvalue of largest absolute value, by squaring the matrix until one is left. */
function topOf(matrix: readonly (readonly number[])[]): number {
  let power = matrix.map((row) => [...row])
  for (let round = 0; round < 12; round += 1) {
    const squared = power.map((row) =>
      power.map((_, at) => row.reduce((sum, value, k) => sum + value * power[k]![at]!, 0)),
    )
    const trace = squared.reduce((sum, row, at) => sum + row[at]!, 0)
    power = squared.map((row) => row.map((value) => value / trace))
  }
  const vector = power.map(([first]) => first!)
  const moved = matrix.map((row) => row.reduce((sum, value, at) => sum + value * vector[at]!, 0))
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, at) => sum + value * b[at]!, 0)
  return dot(vector, moved) / dot(vector, vector)
}

describe('the top eigenvalue of each layer', () => {
  test('is that of the Hessian by differences, of cross-entropy as of divergence from itself', async () => {
    const { samples, layers } = await topEigenvalues(network(), TASK, 1, runtime)
    expect(samples).toBe(SAMPLES)
    expect(layers.map(({ weight }) => weight)).toEqual(['w', 'v'])
    for (const { weight, topEigenvalue, converged, reason } of layers) {
      const expected = topOf(hessian(weight as 'w' | 'v'))
      expect(reason).toBeNull()
      expect(converged).toBe(true)
      expect(Math.abs(topEigenvalue! / expected - 1)).toBeLessThan(0.02)
    }
  })

  test('is found where another is near, on either side of 0', async () => {
    const values = Float64Array.from({ length: 200 }, (_, at) => at / 100)
    values[7] = 2.05
    values[8] = -2.5
    const start = new Float32Array(200).fill(1)
    const multiply = (direction: Float32Array) => {
      return Promise.resolve(values.map((value, at) => value * direction[at]!))
    }
    const limits = { products: 40, tolerance: 1e-3 }
    const { value, converged } = await topEigenvalue(multiply, start, limits)
    expect(converged).toBe(true)
    expect(value).toBeCloseTo(-2.5, 2)
    const few = await topEigenvalue(multiply, start, { products: 3, tolerance: 1e-6 })
    expect(few).toMatchObject({ products: 3, converged: false })
  })

  test('is the same again with the same seed', async () => {
    const one = await topEigenvalues(network(), TASK, 3, runtime)
    expect(await topEigenvalues(network(), TASK, 3, runtime)).toEqual(one)
  })
})
