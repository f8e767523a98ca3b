// Activations between integer convolutions. Noise is given as dB of the outputs on normal input.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kernelCoverage } from '#engine/quantize/kernel-coverage'
import type { StaticOptions } from '#engine/quantize/static'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, outputNoise, runtime } from './model-runs.ts'

const OPTIONS: StaticOptions = { ...STATIC_DEFAULTS, placements: ['all-but-first'] }

/** Two convolutions of 16 channels with `between` turning `a` into `b`. */
function network(between: string, constants = ''): string {
  return `<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 16, 8, 8] x) => (float[N, 16, 8, 8] y)
    <${floatConstant('w', [16, 16, 3, 3], 1, 0.12)}, ${floatConstant('v', [16, 16, 1, 1], 2, 0.3)}${constants}>
    { [c1] a = Conv<pads = [1, 1, 1, 1]>(x, w)  ${between}  [c2] y = Conv(b, v) }`
}

const CONSTANTS = ', float three = {3}, float zero = {0}, float six = {6}, float low = {-1}'

const CASES = [
  ['HardSwish', network('b = HardSwish(a)'), ['QLinearAdd', 'QLinearMul'], 25],
  [
    'HardSwish spelled out',
    network('s = Add(a, three)  c = Clip(s, zero, six)  d = Div(c, six)  b = Mul(a, d)', CONSTANTS),
    ['QLinearAdd', 'QLinearMul'],
    25,
  ],
  [
    'a gate by Sigmoid',
    network('t = LeakyRelu(a)  s = Sigmoid(t)  b = Mul(a, s)'),
    ['QLinearSigmoid', 'QLinearMul'],
    25,
  ],
  ['SiLU', network('s = Sigmoid(a)  b = Mul(a, s)'), ['QuickGelu'], 25],
  ['Relu6', network('b = Clip(a, zero, six)', CONSTANTS), ['QLinearConv'], 30],
  ['a Clip from below 0', network('b = Clip(a, low, six)', CONSTANTS), ['QLinearConv'], 30],
  [
    'Concat',
    network(
      'n = Relu(a)  t = Sigmoid(n)  j = Concat<axis = 1>(n, t)  b = Slice(j, start, end, axis)',
      ', int64[1] start = {0}, int64[1] end = {16}, int64[1] axis = {1}',
    ),
    ['QLinearConcat'],
    30,
  ],
  [
    'MaxPool',
    network('r = Relu(a)  b = MaxPool<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(r)'),
    ['NhwcMaxPool'],
    30,
  ],
  ['LeakyRelu', network('b = LeakyRelu(a)'), ['QLinearLeakyRelu'], 30],
] as const

describe('activations on integers', () => {
  it.each(CASES)('%s', async (_label, text, kernels, decibels) => {
    const feeds = Array.from({ length: 6 }, (_, index) => ({
      x: floatTensor([1, 16, 8, 8], 50 + index),
    }))
    const { candidates } = await staticCandidates(parseModel(text), OPTIONS, feeds, runtime)
    const made = candidates[0]?.model ?? parseModel(text)
    const unseen = { x: floatTensor([1, 16, 8, 8], 99) }
    expect(await outputNoise(parseModel(text), made, unseen)).toBeGreaterThan(decibels)
    const folder = mkdtempSync(join(tmpdir(), 'tersor-coverage-'))
    const { operators, integerMacs } = await kernelCoverage(made, runtime, folder)
    rmSync(folder, { recursive: true })
    for (const kernel of kernels) expect(operators).toHaveProperty(kernel)
    expect(operators['QLinearConv']).toBe(2)
    expect(integerMacs).toBe(1)
  })

  it('keeps a pooling behind a float convolution in float: the runtime is slow at pooling integers there', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[N, 3, 12, 12] x) => (float[N, 16, 6, 6] y)
      <${floatConstant('w', [16, 3, 3, 3], 3, 0.3)}, ${floatConstant('v', [16, 16, 1, 1], 4, 0.3)}>
      { a = Conv<pads = [1, 1, 1, 1]>(x, w)  r = Relu(a)
        p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(r)  [c2] y = Conv(p, v) }`
    const feeds = [{ x: floatTensor([1, 3, 12, 12], 5) }]
    const { candidates } = await staticCandidates(parseModel(text), OPTIONS, feeds, runtime)
    const made = candidates[0]?.model ?? parseModel(text)
    const quantizer = [...made.graph.nodes()].find((node) => node.is('QuantizeLinear'))
    const guard = quantizer?.input(0)?.producer
    expect([guard?.opType, guard?.input(0)?.producer?.opType]).toEqual(['Relu', 'MaxPool'])
    expect(await outputNoise(parseModel(text), made, feeds[0] ?? {})).toBeGreaterThan(30)
  })
})
