// The searches of half-quadratic and activation-aware quantization against plain forms of them.

import { describe, expect, it } from 'vitest'
import { searchInputScales } from '#engine/quantize/weight-only/activation-aware'
import type { BlockSettings } from '#engine/quantize/weight-only/block-fit'
import { GramNorm } from '#engine/quantize/weight-only/gram-norm'
import { halfQuadraticFit } from '#engine/quantize/weight-only/half-quadratic'
import { extremesFit } from '#engine/quantize/weight-only/round-to-nearest'
import { typedTensor } from '#src/onnx/ir/tensor'
import { normalValues, runtime } from '../model-runs.ts'
import { plainAwq, plainHalfQuadratic, product, transposed } from './block-oracle.ts'

const SETTINGS: BlockSettings = { bits: 4, blockSize: 16, symmetric: true }

describe('half-quadratic quantization', () => {
  it.each([true, false])('finds what the plain form finds, symmetric %s', (symmetric) => {
    const fit = halfQuadraticFit({ ...SETTINGS, symmetric })
    let same = 0
    for (let seed = 0; seed < 100; seed += 1) {
      const values = normalValues(16, seed + 1)
      const parameters = { scale: 1, zero: 0 }
      fit(values, null, parameters)
      const wanted = plainHalfQuadratic([...values], symmetric)
      const isClose = Math.abs(parameters.scale / wanted.scale - 1) < 1e-3
      if (isClose && parameters.zero === wanted.zero) same += 1
    }
    // Powers by interpolation may stop a search one step earlier or later.
    expect(same).toBeGreaterThanOrEqual(90)
  })
})

describe('activation-aware scales', () => {
  it('are those of the least error at the outputs', async () => {
    const [samples, size, outputs] = [60, 32, 12]
    const values = normalValues(samples * size, 1).map((value, at) => {
      return value * ((at % size) % 5 === 0 ? 8 : 0.4)
    })
    const inputs = Array.from({ length: samples }, (_, row) =>
      Array.from(values.subarray(row * size, (row + 1) * size)),
    )
    const weights = normalValues(size * outputs, 2)
    const weight = Array.from({ length: size }, (_, row) =>
      Array.from(weights.subarray(row * outputs, (row + 1) * outputs)),
    )
    const sum = Float64Array.from(product(transposed(inputs), inputs).flat())
    const tensor = typedTensor('w', 'float32', [size, outputs], weights)
    const matrix = { tensor, rows: outputs, columns: size, order: 'column-major' } as const
    const norm = await GramNorm.open(runtime, 1)
    const gram = { sum, size, count: samples }
    const made = await searchInputScales([matrix], gram, SETTINGS, extremesFit(SETTINGS), norm)
    await norm.close()
    const wanted = plainAwq(inputs, weight, 16)
    expect(wanted.scales).not.toBeNull()
    expect(made.before / wanted.plain).toBeCloseTo(1, 3)
    expect(made.after / wanted.loss).toBeCloseTo(1, 2)
    made.scales?.forEach((scale, at) => expect(scale / wanted.scales![at]!).toBeCloseTo(1, 4))
    expect(made.after).toBeLessThan(0.9 * made.before)
  })
})
