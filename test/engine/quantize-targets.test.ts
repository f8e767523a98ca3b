// The rules of each target, checked on the graphs made for it, and that ONNX Runtime on CPU runs them. The rules are written here from
// what each runtime documents (docs/decisions/0013-quantization-targets.md), not read from the table that made the graphs.

import { describe, expect, test } from 'vitest'
import type { StaticOptions } from '#engine/quantize/static'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import type { ActivationDtype, Target } from '#src/recipes/quantize-targets'
import { TARGETS, TARGET_ACTIVATIONS } from '#src/recipes/quantize-targets'
import { floatConstant, floatTensor, outputNoise, runtime } from './model-runs.ts'
import type { QuantizedNode } from './quantized-nodes.ts'
import { quantizedNodes } from './quantized-nodes.ts'

/** Two branches, a concatenation, pooling, a gate, a product: what the targets differ in. */
const NETWORK = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[1, 3, 16, 16] x) => (float[1, 10] y)
  <${floatConstant('w0', [16, 3, 3, 3], 1, 0.3)}, ${floatConstant('b0', [16], 2, 0.2)},
   ${floatConstant('w1', [16, 16, 3, 3], 3, 0.1)}, ${floatConstant('b1', [16], 4, 0.2)},
   ${floatConstant('w2', [16, 1, 3, 3], 5, 0.3)}, ${floatConstant('w3', [32, 16, 2, 2], 6, 0.2)},
   ${floatConstant('wf', [10, 16], 7, 0.4)}, ${floatConstant('bf', [10], 8)}>
  {
    [stem] a = Conv<pads = [1, 1, 1, 1]>(x, w0, b0)
    [relu] r = Relu(a)
    [wide] b = Conv<pads = [1, 1, 1, 1]>(r, w1, b1)
    [deep] c = Conv<pads = [1, 1, 1, 1], group = 16>(r, w2)
    [sum] s = Add(b, r)
    [gate] g = Sigmoid(s)
    [gated] h = Mul(r, g)
    [both] j = Concat<axis = 1>(h, c)
    [pool] p = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(j)
    [up] u = ConvTranspose<strides = [2, 2]>(p, w3)
    [swish] v = HardSwish(u)
    [mean] m = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(v)
    [gap] q = GlobalAveragePool(m)
    [flat] f = Flatten(q)
    [fc] z = Gemm<transB = 1>(f, wf, bf)
    [soft] y = Softmax(z)
  }`

const FEEDS = Array.from({ length: 4 }, (_, seed) => ({ x: floatTensor([1, 3, 16, 16], seed) }))

/** Without what repairs accuracy: the form is what counts here. */
const PLAIN: StaticOptions = {
  ...STATIC_DEFAULTS,
  calibration: { name: 'minmax', percentile: 100 },
  equalize: false,
  smoothQuant: false,
  biasCorrection: false,
  placements: ['whole'],
}

async function made(options: Partial<StaticOptions>): Promise<Model> {
  const all = { ...PLAIN, ...options }
  const { candidates } = await staticCandidates(parseModel(NETWORK), all, FEEDS, runtime)
  const [first] = candidates
  if (first === undefined) throw new Error('no candidate')
  return first.model
}

const CHOICES = TARGETS.flatMap((target) => {
  return TARGET_ACTIVATIONS[target].map((activations) => ({ target, activations }))
})

interface Rules {
  readonly activations: readonly ActivationDtype[]
  /** Operators that must compute on integers in the network above. */
  readonly integer: readonly string[]
  readonly limit: number
  readonly perTensor: readonly string[]
}

const CPU = ['Conv', 'Add', 'Sigmoid', 'Mul', 'Concat', 'Gemm', 'GlobalAveragePool']
const RULES: Readonly<Record<Target, Rules>> = {
  host: { activations: ['uint8', 'int8'], integer: CPU, limit: 127, perTensor: [] },
  x86: { activations: ['uint8', 'int8'], integer: CPU, limit: 64, perTensor: [] },
  x86_vnni: { activations: ['uint8', 'int8'], integer: CPU, limit: 127, perTensor: [] },
  arm: { activations: ['int8', 'uint8'], integer: CPU, limit: 127, perTensor: [] },
  xnnpack: {
    activations: ['int8'],
    integer: [...CPU, 'ConvTranspose'],
    limit: 127,
    perTensor: ['ConvTranspose'],
  },
  nnapi: {
    activations: ['uint8'],
    integer: ['Conv', 'Add', 'Mul', 'Concat', 'AveragePool', 'Gemm', 'Softmax'],
    limit: 127,
    perTensor: ['Gemm', 'MatMul'],
  },
  qnn: {
    activations: ['uint8', 'uint16', 'int16'],
    integer: [...CPU, 'ConvTranspose', 'HardSwish', 'Softmax'],
    limit: 127,
    perTensor: ['Gemm', 'MatMul'],
  },
  mnn: { activations: ['int8'], integer: CPU, limit: 127, perTensor: [] },
}

describe.each(CHOICES)('target $target with $activations', ({ target, activations }) => {
  const rules = RULES[target]

  test('follows the rules and runs near the original', async () => {
    const model = await made({ target, activations })
    const nodes = quantizedNodes(model)
    expect(rules.activations).toContain(activations)
    const operators = new Set(nodes.map(({ node }) => node.opType))
    for (const operator of rules.integer) expect([...operators]).toContain(operator)
    for (const item of nodes) {
      for (const part of [...item.activations, ...item.results]) {
        expect(part.dtype, item.node.name).toBe(activations)
        expect(part.scales).toHaveLength(1)
        expect(part.scales[0]).toBeGreaterThan(0)
      }
      checkWeight(item, rules)
    }
    const noise = await outputNoise(parseModel(NETWORK), model, {
      x: floatTensor([1, 3, 16, 16], 99),
    })
    expect(noise).toBeGreaterThan(activations.endsWith('16') ? 30 : 20)
  })
})

/** Symmetric int8 of which every integer fits, one scale or one per output channel; a bias in the scale of the products. */
function checkWeight({ node, activations, weight, bias }: QuantizedNode, rules: Rules): void {
  if (weight === null) return
  expect(weight.dtype).toBe('int8')
  expect(weight.zeroPoints.every((zero) => zero === 0)).toBe(true)
  for (const value of weight.integers ?? [])
    expect(Math.abs(value)).toBeLessThanOrEqual(rules.limit)
  if (rules.perTensor.includes(node.opType)) expect(weight.scales).toHaveLength(1)
  else if (node.opType === 'Conv') {
    expect(weight.scales).toHaveLength(weight.dims[0] ?? 0)
    expect(weight.axis).toBe(0)
  }
  if (bias === null) return
  expect(bias.dtype).toBe('int32')
  expect(bias.zeroPoints.every((zero) => zero === 0)).toBe(true)
  const input = activations[0]?.scales[0] ?? NaN
  bias.scales.forEach((scale, channel) => {
    const own = weight.scales[weight.scales.length === 1 ? 0 : channel] ?? NaN
    expect(scale).toBe(Math.fround(input * own))
  })
}

const named = (nodes: readonly QuantizedNode[], name: string): QuantizedNode => {
  const found = nodes.find(({ node }) => node.name === name)
  if (found === undefined) throw new Error(`'${name}' does not compute on integers`)
  return found
}

test('NNAPI: scales of 1/256 where it wants them, one scale through pooling and concatenation', async () => {
  const nodes = quantizedNodes(await made({ target: 'nnapi', activations: 'uint8' }))
  const [result] = named(nodes, 'soft').results
  expect([result?.scales[0], result?.zeroPoints[0]]).toEqual([1 / 256, 0])
  for (const name of ['both', 'mean']) {
    const { activations, results } = named(nodes, name)
    const parameters = [...activations, ...results].map((part) => [part.scales, part.zeroPoints])
    expect(new Set(parameters.map((item) => JSON.stringify(item))).size).toBe(1)
  }
})

test('QNN: sigmoids of 16 bits have a scale of 1/65536; everything between input and output is quantized', async () => {
  const model = await made({ target: 'qnn', activations: 'uint16' })
  expect(opsetVersion(model)).toBe(21)
  const nodes = quantizedNodes(model)
  const [gate] = named(nodes, 'gate').results
  expect([gate?.scales[0], gate?.zeroPoints[0]]).toEqual([1 / 65536, 0])
  const float = [...model.graph.nodes()].filter((node) => {
    return (
      !node.is('QuantizeLinear', 'DequantizeLinear') && !nodes.some((item) => item.node === node)
    )
  })
  expect(float.map(({ opType }) => opType)).toEqual([])
})

test.each(['nnapi', 'qnn', 'mnn'] as const)(
  '%s: no tensor is read with two scales',
  async (target) => {
    const model = await made({ target, activations: TARGET_ACTIVATIONS[target][0] })
    const scales = new Map<string, Set<number>>()
    for (const { activations } of quantizedNodes(model)) {
      for (const { source, scales: own } of activations) {
        scales.set(source, (scales.get(source) ?? new Set()).add(own[0] ?? NaN))
      }
    }
    for (const [source, own] of scales) expect(own.size, source).toBe(1)
  },
)

test('QNN: repaired as others are', async () => {
  const options = { ...STATIC_DEFAULTS, target: 'qnn', activations: 'uint16' } as const
  const { candidates } = await staticCandidates(parseModel(NETWORK), options, FEEDS, runtime)
  expect(candidates.map(({ placement }) => placement)).toEqual(['whole'])
  const [candidate] = candidates
  expect(candidate?.details['calibration']).toMatchObject({ method: 'minmax' })
  expect(candidate?.details['bias_corrected']).toBeGreaterThan(3)
  const x = floatTensor([1, 3, 16, 16], 99)
  expect(await outputNoise(parseModel(NETWORK), candidate!.model, { x })).toBeGreaterThan(30)
})
