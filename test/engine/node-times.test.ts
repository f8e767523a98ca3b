// Times of layers from the runtime's profiler: every layer is found in the runtime's graph, and the work in it shows.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeTimes } from '#engine/evaluate/node-times'
import { operatorTimes } from '#engine/evaluate/operator-times'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, runtime } from './model-runs.ts'

const scratch = mkdtempSync(join(tmpdir(), 'tersor-node-times-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** A convolution of much work, one of little, a product: only the first has a name. */
function network(): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 16, 40, 40] x) => (float[N, 4] y)
    <${floatConstant('w0', [32, 16, 3, 3], 1, 0.1)}, ${floatConstant('w1', [16, 32, 1, 1], 2, 0.2)},
     ${floatConstant('wf', [16, 4], 3, 0.3)}>
    {
      [big] a = Conv<pads = [1, 1, 1, 1]>(x, w0)
      b = Relu(a)
      p = MaxPool<kernel_shape = [8, 8], strides = [8, 8]>(b)
      c = Conv(p, w1)
      d = GlobalAveragePool(c)
      f = Flatten(d)
      y = MatMul(f, wf)
    }`)
}

const FEEDS = { x: floatTensor([1, 16, 40, 40], 1) }
const OPTIONS = { threads: 1, runs: 6, scratch }

test('every layer of the float model and of quantized ones has its time', async () => {
  const samples = Array.from({ length: 4 }, (_, seed) => ({
    x: floatTensor([1, 16, 40, 40], seed),
  }))
  const made = await staticCandidates(network(), STATIC_DEFAULTS, samples, runtime)
  expect(made.candidates.length).toBeGreaterThan(1)
  for (const model of [network(), ...made.candidates.map((candidate) => candidate.model)]) {
    const { layers, operators } = await nodeTimes(model, FEEDS, runtime, OPTIONS)
    const [big, small, product] = ['big', 'c', 'y'].map((name) => layers.get(name) ?? NaN)
    expect(product).toBeGreaterThan(0)
    // 460 times the multiply–accumulates.
    expect(big).toBeGreaterThan(5 * small!)
    const sum = [...operators.values()].reduce((total, time) => total + time, 0)
    expect(sum).toBeGreaterThan(big! + small! + product!)
  }
})

test('a blocked kernel is told from what lays its result out for the next', async () => {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 16, 40, 40] x) => (float[N, 12, 40, 40] y)
    <${floatConstant('w0', [12, 16, 3, 3], 1, 0.1)}, ${floatConstant('w1', [12, 12, 3, 3], 2, 0.2)}>
    {
      [first] a = Conv<pads = [1, 1, 1, 1]>(x, w0)
      b = Relu(a)
      [second] y = Conv<pads = [1, 1, 1, 1]>(b, w1)
    }`)
  const { layers, operators } = await nodeTimes(model, FEEDS, runtime, OPTIONS)
  const times = ['first', 'second'].map((name) => layers.get(name) ?? NaN)
  const convolutions = [...operators].filter(([operator]) => operator.includes('Conv'))
  const sum = convolutions.reduce((total, [, time]) => total + time, 0)
  expect(times[0]! + times[1]!).toBeCloseTo(sum, 6)
})

test('operators of both models, the longest first', () => {
  const original = new Map([
    ['Conv', 3],
    ['Relu', 0.5],
  ])
  const compressed = new Map([
    ['QLinearConv', 1],
    ['Relu', 0.75],
  ])
  expect(operatorTimes(original, compressed)).toEqual([
    { operator: 'Conv', original_ms: 3, compressed_ms: 0 },
    { operator: 'QLinearConv', original_ms: 0, compressed_ms: 1 },
    { operator: 'Relu', original_ms: 0.5, compressed_ms: 0.75 },
  ])
  expect(operatorTimes(original, new Map())[0]).toEqual({
    operator: 'Conv',
    original_ms: 3,
    compressed_ms: null,
  })
})
