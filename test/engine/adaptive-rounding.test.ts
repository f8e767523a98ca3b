// Adaptive rounding: its Gram matrices against sums over outputs, its choice against all choices.

import { describe, expect, it } from 'vitest'
import { gramMatrices } from '#engine/quantize/gram-matrices'
import type { GramMatrix } from '#engine/quantize/round-by-gram'
import { roundByGram } from '#engine/quantize/round-by-gram'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { floatValues } from '#src/onnx/tensor-values'
import { parseModel } from '#src/onnx/text/parse-model'
import {
  floatConstant,
  floatTensor,
  normalValues,
  outputNoise,
  runModel,
  runtime,
} from './model-runs.ts'

/** Of inputs that are mixed from fewer sources, as those of neighbouring pixels are. */
function correlated(inputs: number, seed: number): GramMatrix {
  const sources = normalValues(inputs * 40, seed)
  const values = new Float64Array(inputs * inputs)
  for (let sample = 0; sample < 40; sample += 1) {
    const x = Array.from({ length: inputs }, (_, index) => {
      return (
        (sources[sample] ?? 0) +
        0.3 * (sources[40 + sample * (inputs - 1) + (index % (inputs - 1))] ?? 0)
      )
    })
    x.forEach((left, row) => {
      x.forEach((right, column) => {
        values[row * inputs + column] = (values[row * inputs + column] ?? 0) + left * right
      })
    })
  }
  return { values, groups: 1, inputs }
}

function errorOf(
  weights: Float32Array,
  rounded: ArrayLike<number>,
  scale: number,
  { values, inputs }: GramMatrix,
): number {
  let error = 0
  for (let row = 0; row < inputs; row += 1) {
    for (let column = 0; column < inputs; column += 1) {
      const left = scale * (rounded[row] ?? 0) - (weights[row] ?? 0)
      const right = scale * (rounded[column] ?? 0) - (weights[column] ?? 0)
      error += left * right * (values[row * inputs + column] ?? 0)
    }
  }
  return error
}

describe('rounding by a Gram matrix', () => {
  it('rounds to the nearest where inputs do not depend on each other', () => {
    const weights = normalValues(64, 1)
    const values = new Float64Array(64 * 64)
    for (let index = 0; index < 64; index += 1) values[index * 65] = 1 + index
    const rounded = roundByGram(weights, Float32Array.of(0.05), 127, {
      values,
      groups: 1,
      inputs: 64,
    })
    expect(Array.from(rounded)).toEqual(
      Array.from(weights, (weight) => Math.round(weight / 0.05) + 0),
    )
  })

  it.each([1, 2, 3, 4])(
    'errs hardly more than the best of all roundings, far less than the nearest (%i)',
    (seed) => {
      const inputs = 10
      const [weights, gram, scale] = [
        normalValues(inputs, seed),
        correlated(inputs, seed + 10),
        0.5,
      ]
      const found = roundByGram(weights, Float32Array.of(scale), 127, gram)
      let best = Infinity
      for (let choice = 0; choice < 2 ** inputs; choice += 1) {
        const rounded = Array.from(weights, (weight, index) => {
          return Math.floor(weight / scale) + ((choice >> index) & 1)
        })
        best = Math.min(best, errorOf(weights, rounded, scale, gram))
      }
      const nearest = Array.from(weights, (weight) => Math.round(weight / scale))
      expect(errorOf(weights, found, scale, gram)).toBeLessThanOrEqual(
        errorOf(weights, nearest, scale, gram),
      )
      expect(errorOf(weights, found, scale, gram)).toBeLessThan(2.5 * best)
    },
  )

  it('lessens the error of wide layers several times', () => {
    const [inputs, outputs, scale] = [96, 16, 0.2]
    const [weights, gram] = [normalValues(inputs * outputs, 5), correlated(inputs, 6)]
    const rounded = roundByGram(weights, Float32Array.of(scale), 127, gram)
    let [adaptive, nearest] = [0, 0]
    for (let output = 0; output < outputs; output += 1) {
      const row = weights.subarray(output * inputs, (output + 1) * inputs)
      adaptive += errorOf(
        row,
        rounded.subarray(output * inputs, (output + 1) * inputs),
        scale,
        gram,
      )
      nearest += errorOf(
        row,
        row.map((weight) => Math.round(weight / scale)),
        scale,
        gram,
      )
    }
    expect(adaptive).toBeLessThan(0.3 * nearest)
  })
})

const LAYERS = [
  ['a convolution', 'y = Conv<pads = [1, 1, 0, 1], strides = [2, 1]>(x, w)', [6, 4, 3, 3], 4],
  ['a dilated one', 'y = Conv<dilations = [2, 2]>(x, w)', [6, 4, 3, 3], 4],
  ['groups', 'y = Conv<group = 2, pads = [1, 1, 1, 1]>(x, w)', [6, 2, 3, 3], 4],
  ['a depthwise one', 'y = Conv<group = 4, pads = [1, 1, 1, 1]>(x, w)', [4, 1, 3, 3], 4],
  ['a product', 'y = MatMul(x, w)', [9, 5], 4],
  ['a turned product', 'f = Flatten(x)  y = Gemm<transB = 1>(f, w)', [5, 4 * 81], 4],
] as const

describe('Gram matrices', () => {
  it.each(LAYERS)(
    'of %s give the squares of its outputs: Σ y² = wᵀ·G·w',
    async (_label, body, dims) => {
      const rank = body.includes('Gemm') ? 'M, 5' : 'A, B, C, D'
      const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 4, 9, 9] x) => (float[${rank}] y) <${floatConstant('w', dims, 1)}> { ${body} }`)
      const batches = [1, 2].map((seed) => ({ x: floatTensor([3, 4, 9, 9], seed) }))
      const { matrices } = await gramMatrices(model, new Set(), batches, runtime, 1)
      const [gram] = matrices.values()
      if (gram === undefined) throw new Error('no matrix')
      const weights = floatValues(model.graph.initializers.get('w')!.constant!)
      const isTurned = body.startsWith('y = MatMul')
      const outputs = isTurned ? dims[1] : dims[0]
      const sums = new Float64Array(outputs)
      for (const batch of batches) {
        const { y } = await runModel(model, batch)
        const plane = dims.length === 4 ? (y?.dims[2] ?? 1) * (y?.dims[3] ?? 1) : 1
        y?.data.forEach((value, index) => {
          const output = Math.floor(index / plane) % outputs
          sums[output] = (sums[output] ?? 0) + Number(value) ** 2
        })
      }
      sums.forEach((squares, output) => {
        const row = Float32Array.from({ length: gram.inputs }, (_, input) => {
          return weights[isTurned ? input * outputs + output : output * gram.inputs + input] ?? 0
        })
        const group = Math.floor((output * gram.groups) / outputs)
        const size = gram.inputs ** 2
        const own = { ...gram, values: gram.values.subarray(group * size, (group + 1) * size) }
        expect(errorOf(row, new Float32Array(gram.inputs), 1, own) / squares).toBeCloseTo(1, 3)
      })
    },
  )
})

describe('a model rounded adaptively', () => {
  it('loses less than one rounded to the nearest', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 8, 8, 8] x) => (float[N, 8, 8, 8] y)
      <${floatConstant('w', [16, 8, 3, 3], 1, 0.2)}, ${floatConstant('v', [8, 16, 1, 1], 2, 0.2)}>
      { [c1] a = Conv<pads = [1, 1, 1, 1]>(x, w)  r = Relu(a)  [c2] y = Conv(r, v) }`
    // Neighbours are alike.
    const smooth = (seed: number) => {
      const { dims, data } = floatTensor([4, 8, 8, 8], seed)
      const values = Array.from(data, Number)
      const mixed = values.map((value, index) => 0.2 * value + (values[index - (index % 64)] ?? 0))
      return { x: { dtype: 'float32', dims, data: Float32Array.from(mixed) } as const }
    }
    const feeds = Array.from({ length: 8 }, (_, seed) => smooth(seed))
    const noise = async (adaround: boolean): Promise<number> => {
      // Coarse weights, so that their rounding is what is seen.
      const options = { ...STATIC_DEFAULTS, adaround, perChannel: false, reduceRange: true }
      const placed = { ...options, placements: ['all-but-first'] } as const
      const { candidates } = await staticCandidates(parseModel(text), placed, feeds, runtime)
      const [candidate] = candidates
      expect(candidate?.details['rounded_adaptively']).toBe(adaround ? 2 : 0)
      return await outputNoise(parseModel(text), candidate?.model ?? parseModel(text), smooth(99))
    }
    expect(await noise(true)).toBeGreaterThan(await noise(false))
  })
})
