// The algorithms of weight-only quantization against plain forms of them, and what they are for: errors at outputs.

import { describe, expect, it } from 'vitest'
import type { BlockParameters, BlockSettings } from '#engine/quantize/weight-only/block-fit'
import { codeOf, fitInterval, largestCode } from '#engine/quantize/weight-only/block-fit'
import { gptq } from '#engine/quantize/weight-only/gptq'
import { halfQuadraticFit } from '#engine/quantize/weight-only/half-quadratic'
import { inverseFactor } from '#engine/quantize/weight-only/inverse-factor'
import { packWeight } from '#engine/quantize/weight-only/pack-weight'
import type { PackedWeight } from '#engine/quantize/weight-only/packed-weight'
import { unpackedWeight } from '#engine/quantize/weight-only/packed-weight'
import {
  extremesFit,
  searchedFit,
  weightedError,
} from '#engine/quantize/weight-only/round-to-nearest'
import { typedTensor } from '#src/onnx/ir/tensor'
import { normalValues } from '../model-runs.ts'
import type { Matrix } from './block-oracle.ts'
import { cholesky, inverse, plainGptq, product, roundedBlock, transposed } from './block-oracle.ts'

const SYMMETRIC: BlockSettings = { bits: 4, blockSize: 16, symmetric: true }
const FREE: BlockSettings = { ...SYMMETRIC, symmetric: false }

function matrixOf(values: ArrayLike<number>, columns: number): number[][] {
  const rows = values.length / columns
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column) => values[row * columns + column]!),
  )
}

/** [samples, size]: every channel is a mixture of few sources and a little of its own. */
function correlatedInputs(samples: number, size: number): number[][] {
  const sources = Math.ceil(size / 8)
  const mixed = product(
    matrixOf(normalValues(samples * sources, 1), sources),
    matrixOf(normalValues(sources * size, 2), size),
  )
  const own = normalValues(samples * size, 3)
  return mixed.map((row, i) => row.map((value, j) => value + 0.05 * own[i * size + j]!))
}

function packed(weight: Matrix, settings: BlockSettings): PackedWeight {
  const [columns, rows] = [weight.length, weight[0]!.length]
  const tensor = typedTensor('w', 'float32', [columns, rows], Float32Array.from(weight.flat()))
  const matrix = { tensor, rows, columns, order: 'column-major' } as const
  return packWeight(matrix, settings, extremesFit(settings))
}

/** [inputs, outputs], as the weight was. */
function unpacked(made: PackedWeight): number[][] {
  return transposed(matrixOf(unpackedWeight(made), made.columns))
}

function outputError(inputs: Matrix, weight: Matrix, other: Matrix): number {
  const [expected, actual] = [product(inputs, weight).flat(), product(inputs, other).flat()]
  const noise = expected.reduce((sum, value, index) => sum + (value - actual[index]!) ** 2, 0)
  return Math.sqrt(noise / expected.reduce((sum, value) => sum + value ** 2, 0))
}

describe('round to nearest', () => {
  it.each([
    ['column-major', 40],
    ['row-major', 40],
    ['column-major', 37],
  ] as const)('rounds every block alone, %s with %i inputs', (order, columns) => {
    const rows = 6
    const values = normalValues(rows * columns, 5)
    const dims = order === 'row-major' ? [rows, columns] : [columns, rows]
    const tensor = typedTensor('w', 'float32', dims, values)
    const made = packWeight({ tensor, rows, columns, order }, SYMMETRIC, extremesFit(SYMMETRIC))
    const wanted = (
      order === 'row-major' ? matrixOf(values, columns) : transposed(matrixOf(values, rows))
    )
      .map((row) => [0, 16, 32].flatMap((at) => roundedBlock(row.slice(at, at + 16), 4)))
      .flat()
    expect(made.blocks).toBe(3)
    expect([...unpackedWeight(made)]).toEqual(wanted.map((value) => Math.fround(value)))
    const error = wanted.reduce((sum, value, at) => {
      const own =
        order === 'row-major'
          ? values[at]!
          : values[(at % columns) * rows + Math.floor(at / columns)]!
      return sum + (own - value) ** 2
    }, 0)
    expect(made.error).toBeCloseTo(error, 8)
  })

  it('holds zero exactly, and both ends of a block that lies on one side of it', () => {
    const parameters: BlockParameters = { scale: 1, zero: 0 }
    fitInterval(2, 3, FREE, parameters)
    expect(parameters.zero).toBe(0)
    expect(codeOf(3, 1 / parameters.scale, parameters.zero, 15)).toBe(15)
    fitInterval(-1, 2, FREE, parameters)
    expect(parameters).toEqual({ scale: Math.fround(0.2), zero: 5 })
    fitInterval(0, 0, SYMMETRIC, parameters)
    expect(codeOf(0, 1 / parameters.scale, parameters.zero, 15) - parameters.zero).toBe(0)
  })

  it.each([SYMMETRIC, FREE])('finds scales of little error, symmetric $symmetric', (settings) => {
    const largest = largestCode(settings)
    const light = Float32Array.from({ length: 16 }, (_, index) => (index === 3 ? 1e-3 : 1))
    const sums = { plain: 0, found: 0, exhaustive: 0, plainOutlier: 0, foundOutlier: 0 }
    for (let seed = 0; seed < 60; seed += 1) {
      const values = normalValues(16, seed)
      const own = { scale: 1, zero: 0 }
      const errorOf = (weights: Float32Array | null, block = values): number =>
        weightedError(block, weights, own, largest)
      extremesFit(settings)(values, null, own)
      sums.plain += errorOf(null)
      searchedFit(settings)(values, null, own)
      sums.found += errorOf(null)
      const [low, high] = [Math.min(...values), Math.max(...values)]
      const tried = Array.from({ length: 50 }, (_, step) => {
        fitInterval(low * (1 - step / 100), high * (1 - step / 100), settings, own)
        return errorOf(null)
      })
      sums.exhaustive += Math.min(...tried)
      const outlier = values.map((value, index) => (index === 3 ? 6 : value))
      extremesFit(settings)(outlier, light, own)
      sums.plainOutlier += errorOf(light, outlier)
      searchedFit(settings)(outlier, light, own)
      sums.foundOutlier += errorOf(light, outlier)
    }
    expect(sums.found).toBeLessThan(0.97 * sums.plain)
    expect(sums.found).toBeLessThan(1.04 * sums.exhaustive)
    expect(sums.foundOutlier).toBeLessThan(0.8 * sums.plainOutlier)
  })
})

describe('half-quadratic quantization', () => {
  it.each([SYMMETRIC, FREE])('lessens Σ|w − ŵ|^0.7, $symmetric', (settings) => {
    const norm = (values: Float32Array, parameters: BlockParameters): number =>
      values.reduce((sum, value) => {
        const step = codeOf(value, 1 / parameters.scale, parameters.zero, 15) - parameters.zero
        return sum + Math.abs(value - parameters.scale * step) ** 0.7
      }, 0)
    let [before, after] = [0, 0]
    for (let seed = 0; seed < 50; seed += 1) {
      const values = normalValues(32, seed)
      const [plain, found] = [
        { scale: 1, zero: 0 },
        { scale: 1, zero: 0 },
      ]
      extremesFit(settings)(values, null, plain)
      halfQuadraticFit(settings)(values, null, found)
      before += norm(values, plain)
      after += norm(values, found)
      expect(norm(values, found)).toBeLessThanOrEqual(norm(values, plain) + 1e-9)
      expect(Number.isInteger(found.zero)).toBe(true)
    }
    console.log(`half-quadratic: ${(after / before).toFixed(3)} of the norm of rounding`)
    expect(after).toBeLessThan(0.97 * before)
  })
})

describe('GPTQ', () => {
  const [size, outputs, samples] = [48, 12, 200]
  const inputs = correlatedInputs(samples, size)
  const gram = product(transposed(inputs), inputs)
  const weight = matrixOf(normalValues(size * outputs, 4), outputs)
  const flat = Float64Array.from(gram.flat())
  const weights = Float32Array.from(weight.flat())
  const options = { damping: 0.01, actOrder: false }

  it('factors the inverse without inverting', () => {
    const damped = gram.map((row, i) => row.map((value, j) => (i === j ? value + 5 : value)))
    const factor = inverseFactor(Float64Array.from(damped.flat()), size)
    const wanted = transposed(cholesky(inverse(damped))).flat()
    const largest = Math.max(...wanted.map(Math.abs))
    const worst = Math.max(...wanted.map((value, at) => Math.abs(value - factor![at]!)))
    expect(worst / largest).toBeLessThan(1e-9)
    expect(inverseFactor(Float64Array.from([1, 2, 2, 1]), 2)).toBeNull()
  })

  it('is what the plain form computes', () => {
    const made = gptq(weights, flat, outputs, SYMMETRIC, extremesFit(SYMMETRIC), options)
    const wanted = plainGptq(weight, gram, { bits: 4, blockSize: 16, damping: 0.01 })
    const differing = unpacked(made)
      .flat()
      .filter((value, at) => Math.abs(value - wanted.flat()[at]!) > 1e-4).length
    // Rounding of float32 may tip a code on the edge between two.
    expect(differing / (size * outputs)).toBeLessThan(0.02)
    const own = outputError(inputs, weight, unpacked(made))
    expect(own).toBeCloseTo(outputError(inputs, weight, wanted), 2)
  })

  it.each([false, true])('errs at most 0.35 of rounding, act order %s', (actOrder) => {
    const n = 256
    const wide = correlatedInputs(600, n)
    const matrix = matrixOf(normalValues(n * 32, 7), 32)
    const moments = Float64Array.from(product(transposed(wide), wide).flat())
    const settings = { ...SYMMETRIC, blockSize: 32 }
    const made = gptq(
      Float32Array.from(matrix.flat()),
      moments,
      32,
      settings,
      extremesFit(settings),
      {
        ...options,
        actOrder,
      },
    )
    const [error, plain] = [
      outputError(wide, matrix, unpacked(made)),
      outputError(wide, matrix, unpacked(packed(matrix, settings))),
    ]
    console.log(
      `GPTQ, act order ${actOrder}: ${error.toFixed(4)} against ${plain.toFixed(4)} of rounding, ratio ${(error / plain).toFixed(3)}`,
    )
    expect(error).toBeLessThanOrEqual(0.35 * plain)
  })

  it('is not disturbed by inputs that are always zero or equal', () => {
    const odd = inputs.map((row) =>
      row.map((value, at) => (at === 5 ? 0 : at === 9 ? row[8]! : value)),
    )
    const moments = Float64Array.from(product(transposed(odd), odd).flat())
    const made = gptq(weights, moments, outputs, FREE, searchedFit(FREE), {
      damping: 0,
      actOrder: true,
    })
    expect(unpacked(made).flat().every(Number.isFinite)).toBe(true)
    expect(outputError(odd, weight, unpacked(made))).toBeLessThan(0.1)
    const broken = moments.map((value, at) => (at === 0 ? NaN : value))
    expect(() => gptq(weights, broken, outputs, FREE, searchedFit(FREE), options)).toThrow(
      /not finite/,
    )
  })
})
