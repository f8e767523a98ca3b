// Exact removal of weights against trying every mask, and what layers see against sums by hand.

import { describe, expect, test } from 'vitest'
import { exactMasks } from '#engine/prune/obs/exact-masks'
import type { LayerAmount } from '#engine/prune/obs/exact-masks'
import { fitKept } from '#engine/prune/obs/fit-kept'
import type { LayerFit } from '#engine/prune/obs/layer-fit'
import { obsMasks } from '#engine/prune/obs/obs-masks'
import { stageMoments } from '#engine/prune/obs/stage-moments'
import { unstructuredMask } from '#engine/prune/unstructured-mask'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatTensor, runtime } from './model-runs.ts'

const HEADER = '<ir_version: 8, opset_import: ["" : 17]>'

/** Inputs that depend on each other, so that weights can stand in for one another. */
function fitOf(rows: number, inputs: number, seed: number): LayerFit {
  const mixing = floatTensor([inputs, inputs], seed).data as Float32Array
  const weights = Float64Array.from(floatTensor([rows, inputs], seed + 1).data as Float32Array)
  const hessian = new Float64Array(inputs * inputs)
  for (let i = 0; i < inputs; i += 1) {
    for (let j = 0; j < inputs; j += 1) {
      let sum = i === j ? 0.1 : 0
      for (let k = 0; k < inputs; k += 1) {
        sum += (mixing[i * inputs + k] ?? 0) * (mixing[j * inputs + k] ?? 0)
      }
      hessian[i * inputs + j] = sum
    }
  }
  const targets = weights.map((_, at) => {
    const [row, input] = [Math.floor(at / inputs), at % inputs]
    let sum = 0
    for (let other = 0; other < inputs; other += 1) {
      sum += (hessian[input * inputs + other] ?? 0) * (weights[row * inputs + other] ?? 0)
    }
    return sum
  })
  const mean = new Float64Array(inputs)
  return { rows, inputs, hessian, targets, weights, means: [mean, mean] }
}

/** (w − w₀)ᵀ·H·(w − w₀) of all rows. */
function errorOf({ rows, inputs, hessian, weights }: LayerFit, fitted: Float64Array): number {
  let error = 0
  for (let row = 0; row < rows; row += 1) {
    const at = (input: number) => row * inputs + input
    for (let i = 0; i < inputs; i += 1) {
      for (let j = 0; j < inputs; j += 1) {
        const [left, right] = [at(i), at(j)]
        const product =
          ((fitted[left] ?? 0) - (weights[left] ?? 0)) *
          ((fitted[right] ?? 0) - (weights[right] ?? 0))
        error += product * (hessian[i * inputs + j] ?? 0)
      }
    }
  }
  return error
}

/** The least error over all masks of one row with so many zeros. */
function leastError(fit: LayerFit, zeros: number, allowed: (mask: Uint8Array) => boolean): number {
  let least = Infinity
  for (let bits = 0; bits < 2 ** fit.inputs; bits += 1) {
    const mask = Uint8Array.from({ length: fit.inputs }, (_, at) => (bits >> at) & 1)
    const kept = mask.reduce((sum, bit) => sum + bit, 0)
    if (kept !== fit.inputs - zeros || !allowed(mask)) continue
    least = Math.min(least, errorOf(fit, fitKept(fit, mask)))
  }
  return least
}

describe('exact removal', () => {
  test.each([1, 2, 3, 4, 5])('the first weight that goes is the best one: network %i', (seed) => {
    const fit = fitOf(1, 8, 10 * seed)
    const [mask] = exactMasks([fit], { kind: 'fraction', fraction: 1 / 8 })!
    const error = errorOf(fit, fitKept(fit, mask!))
    expect(error).toBeCloseTo(
      leastError(fit, 1, () => true),
      9,
    )
  })

  test.each([1, 2, 3, 4, 5])('half of a row: near the best of all masks, network %i', (seed) => {
    const fit = fitOf(1, 8, 10 * seed)
    const [mask] = exactMasks([fit], { kind: 'fraction', fraction: 0.5 })!
    expect(mask!.reduce((sum, bit) => sum + bit, 0)).toBe(4)
    const error = errorOf(fit, fitKept(fit, mask!))
    expect(error).toBeLessThanOrEqual(1.3 * leastError(fit, 4, () => true) + 1e-9)
  })

  test('n of every m stay, and what is 0 already is among what goes', () => {
    const fit = fitOf(3, 8, 7)
    fit.weights.fill(0, 0, 2)
    const amount: LayerAmount = { kind: 'n_m', n: 2, m: 4, window: 1 }
    const [mask] = exactMasks([fit], amount)!
    for (let start = 0; start < 24; start += 4) {
      expect(mask!.slice(start, start + 4).reduce((sum, bit) => sum + bit, 0)).toBe(2)
    }
    expect(mask!.slice(0, 2)).toEqual(Uint8Array.of(0, 0))
  })

  test('rows of a layer lose what costs least, wherever it is', () => {
    const fit = fitOf(2, 8, 3)
    for (let at = 0; at < 8; at += 1) {
      fit.weights[at]! *= 1e-3
      fit.targets[at]! *= 1e-3
    }
    const [mask] = exactMasks([fit], { kind: 'fraction', fraction: 0.4 })!
    expect(mask!.slice(0, 8).reduce((sum, bit) => sum + bit, 0)).toBeLessThanOrEqual(2)
    expect(mask!.reduce((sum, bit) => sum + bit, 0)).toBe(10)
  })
})

describe('what layers see', () => {
  test('sums of products with itself and with the original, the ones appended', async () => {
    const source = (scale: string) => {
      return parseModel(`${HEADER} g (float[B, 3] x) => (float[B, 2] y) <
        float[3, 3] w1 = {${scale}, 0, 0, 0, 1, 0, 0, 0, 1}, float[3, 2] w2 = random(2, 1.0)
      > { a = MatMul(x, w1) [last] y = MatMul(a, w2) }`)
    }
    const x = floatTensor([4, 3], 5)
    const models = [source('2'), source('3')] as const
    const { moments } = await stageMoments(models, new Set(['last']), [{ x }], runtime)
    const rows = Array.from({ length: 4 }, (_, row) => [
      ...(x.data as Float32Array).slice(3 * row, 3 * row + 3),
      1,
    ])
    const sum = (scales: readonly [number, number]) => {
      return Array.from({ length: 16 }, (_, at) => {
        const [i, j] = [Math.floor(at / 4), at % 4]
        const factor = (i === 0 ? scales[0] : 1) * (j === 0 ? scales[1] : 1)
        return factor * rows.reduce((total, row) => total + row[i]! * row[j]!, 0)
      })
    }
    const { own, cross } = moments.get('last')!
    const close = (values: number[]) => {
      return values.map((value) => expect.closeTo(value, 4) as number)
    }
    expect([...own]).toEqual(close(sum([2, 2])))
    expect([...cross]).toEqual(close(sum([2, 3])))
  })

  test('depthwise convolutions lose as much as others', async () => {
    const model = parseModel(`${HEADER} g (float[B, 8, 6, 6] x) => (float[B, 8, 6, 6] y) <
      float[8, 1, 3, 3] w = random(1, 1.0)> { y = Conv<group = 8, pads = [1,1,1,1]>(x, w) }`)
    const feeds = {
      async *[Symbol.asyncIterator]() {
        yield { x: floatTensor([4, 8, 6, 6], 3) }
      },
    }
    const amount = { kind: 'sparsity', value: 0.5 } as const
    const scope = { kind: 'layer' } as const
    const { details } = await obsMasks(
      model,
      { kind: 'unstructured', scope, amount },
      { rule: 'prune', excludedLayers: [], feeds, fallback: unstructuredMask(scope, amount) },
      runtime,
    )
    expect(details['zeros']).toBe(36)
  })
})
