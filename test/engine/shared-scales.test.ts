// A concatenation whose inputs have its scale copies them; inputs that differ too much, or whose range cuts off what an activation
// would, keep their own.

import { describe, expect, test } from 'vitest'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import type { TargetName } from '#engine/quantize/targets/target'
import { ScaleGroups } from '#engine/quantize/scale-groups'
import { parseModel } from '#src/onnx/text/parse-model'
import { Value } from '#src/onnx/ir/value'
import { floatConstant, floatTensor, outputNoise, runtime } from './model-runs.ts'
import { quantizedNodes } from './quantized-nodes.ts'

const ACTIVATIONS = {
  none: (from: string, to: string) => `${to} = Identity(${from})`,
  relu: (from: string, to: string) => `${to} = Relu(${from})`,
  clip: (from: string, to: string) => `${to} = Clip(${from}, zero, one)`,
  sigmoid: (from: string, to: string) => `${to} = Sigmoid(${from})`,
  gate: (from: string, to: string) => `${to} = HardSigmoid(${from})`,
  leaky: (from: string, to: string) => `${to} = LeakyRelu(${from})`,
} as const
type Activation = keyof typeof ACTIVATIONS

/** Two branches with these activations, the weights of the second `factor` times as large, one after the other. */
function branches(first: Activation, second: Activation, factor: number): string {
  return `<ir_version: 8, opset_import: ["" : 17]>
    g (float[1, 16, 8, 8] x) => (float[1, 16, 8, 8] y)
    <${floatConstant('w', [16, 16, 1, 1], 1, 0.3)}, ${floatConstant('v', [16, 16, 1, 1], 2, 0.3 * factor)},
     ${floatConstant('u', [16, 32, 1, 1], 3, 0.2)}, float zero = {0}, float one = {1}>
    { a = Conv(x, w)  ${ACTIVATIONS[first]('a', 'b')}
      c = Conv(x, v)  ${ACTIVATIONS[second]('c', 'd')}
      j = Concat<axis = 1>(b, d)  y = Conv(j, u) }`
}

async function made(text: string, target: TargetName) {
  const feeds = Array.from({ length: 4 }, (_, seed) => ({ x: floatTensor([1, 16, 8, 8], seed) }))
  const options = {
    ...STATIC_DEFAULTS,
    target,
    placements: target === 'host' ? (['all-but-first'] as const) : (['whole'] as const),
    calibration: { name: 'minmax' as const, percentile: 100 },
    equalize: false,
    biasCorrection: false,
  }
  const { candidates } = await staticCandidates(parseModel(text), options, feeds, runtime)
  const [first] = candidates
  if (first === undefined) throw new Error('no candidate')
  return first.model
}

async function scalesOf(text: string): Promise<number> {
  const nodes = quantizedNodes(await made(text, 'host'))
  const concat = nodes.find(({ node }) => node.is('Concat'))
  const parts = [...(concat?.activations ?? []), ...(concat?.results ?? [])]
  expect(parts).toHaveLength(3)
  return new Set(parts.map(({ scales }) => scales.join())).size
}

test.each([
  ['relu', 'relu', 1, 1],
  ['none', 'leaky', 1, 1],
  ['relu', 'relu', 10, 2],
  ['relu', 'none', 1, 2],
  ['sigmoid', 'clip', 1, 1],
  ['clip', 'relu', 1.5, 2],
] as const)('%s and %s, %d times as large: %d scales', async (first, second, factor, scales) => {
  expect(await scalesOf(branches(first, second, factor))).toBe(scales)
})

const NAMES = Object.keys(ACTIVATIONS) as Activation[]
const PAIRS = NAMES.flatMap((first) => NAMES.map((second) => [first, second] as const))

describe.each(['host', 'nnapi'] as const)('for %s', (target) => {
  test.each(PAIRS.filter((_, at) => at % 2 === (target === 'host' ? 0 : 1)))(
    '%s and %s keep what they cut off',
    async (first, second) => {
      const text = branches(first, second, 1.2)
      const model = await made(text, target)
      const unseen = { x: floatTensor([1, 16, 8, 8], 99) }
      expect(await outputNoise(parseModel(text), model, unseen)).toBeGreaterThan(25)
    },
  )
})

test('a chain of joined ranges grows by the limit over its narrowest, not by the limit at each step', () => {
  const groups = new ScaleGroups('uint8')
  const values = [1, 1.8, 3.2].map((high, at) => {
    const value = new Value(`v${at}`)
    groups.setRange(value, { low: 0, high })
    return value
  })
  const [one, two, three] = values as [Value, Value, Value]
  groups.joinAlike(one, two, 2)
  groups.joinAlike(two, three, 2)
  expect(values.map((value) => groups.rangeOf(value).high)).toEqual([1.8, 1.8, 3.2])
})
