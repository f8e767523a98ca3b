// Equalization, SmoothQuant and input scales (AWQ) on networks drawn at random: the float outputs stay what they were.

import { describe, expect, test } from 'vitest'
import { equalize } from '#engine/quantize/equalize'
import { smoothQuant } from '#engine/quantize/smooth-quant'
import { applyInputScales } from '#engine/quantize/weight-only/apply-input-scales'
import { WEIGHT_ONLY_DEFAULTS } from '#engine/quantize/weight-only/weight-only-options'
import { MEMORY_STORE } from '#engine/quantize/weight-only/weight-store'
import { weightSites } from '#engine/quantize/weight-only/weight-sites'
import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import type { Feeds } from './model-runs.ts'
import { floatTensor, normalValues, relativeDifference, runModel, runtime } from './model-runs.ts'

const SEEDS = Array.from({ length: 8 }, (_, seed) => seed)
const NONE: ReadonlySet<string> = new Set()
const EXACT = 1e-4

/** Numbers of 0 to below `count`, always the same for a seed. */
function dice(seed: number): (count: number) => number {
  const values = normalValues(400, seed + 1000)
  let next = 0
  return (count) => Math.floor(Math.abs((values[next++] ?? 0) * 1e4)) % count
}

/** Weights whose channels differ by up to 100 times, so that there is something to scale. */
function uneven(name: string, dims: readonly number[], seed: number): string {
  const inner = dims.slice(1).reduce((product, dim) => product * dim, 1)
  const count = inner * (dims[0] ?? 1)
  const deviation = 0.5 / Math.sqrt(inner)
  const values = Array.from(normalValues(count, seed), (value, index) => {
    return (value * deviation * 10 ** ((Math.floor(index / inner) % 5) / 2 - 1)).toPrecision(6)
  })
  return `float[${dims.join()}] ${name} = {${values.join()}}`
}

/** Convolutions, depthwise ones too, with what may stand between them. */
function convolutional(seed: number): Model {
  const roll = dice(seed)
  const constants: string[] = ['float zero = {0}', 'float six = {6}']
  const lines: string[] = []
  let [value, channels, made] = ['x', 4, 0]
  const name = (prefix: string): string => `${prefix}${made++}`
  const add = (operator: string, operands: string): void => {
    const output = name('v')
    lines.push(`${output} = ${operator}(${operands})`)
    value = output
  }
  for (let layer = 0; layer < 6; layer += 1) {
    const isDepthwise = layer > 0 && roll(3) === 0
    const outputs = isDepthwise ? channels : [8, 12, 16][roll(3)]!
    const [weight, bias] = [name('w'), name('b')]
    const dims = [outputs, isDepthwise ? 1 : channels, 3, 3]
    constants.push(uneven(weight, dims, seed * 97 + layer), uneven(bias, [outputs], seed + layer))
    const group = isDepthwise ? `, group = ${channels}` : ''
    const before = value
    add(`Conv<pads = [1, 1, 1, 1]${group}>`, `${value}, ${weight}, ${bias}`)
    const activations = ['Relu', 'Relu', 'Clip', 'LeakyRelu<alpha = 0.1>', 'Sigmoid'] as const
    const activation = activations[roll(activations.length)]!
    add(activation, activation === 'Clip' ? `${value}, zero, six` : value)
    if (outputs === channels && roll(3) === 0) add('Add', `${value}, ${before}`)
    if (roll(4) === 0) add('AveragePool<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>', value)
    channels = outputs
  }
  lines.push(`y = GlobalAveragePool(${value})`)
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 4, 8, 8] x) => (float[N, ${channels}, 1, 1] y) <${constants.join()}> { ${lines.join(' ')} }`)
}

/** Products behind normalizations, activations, sums and each other. */
function products(seed: number): Model {
  const roll = dice(seed)
  const constants: string[] = []
  const lines: string[] = []
  let [value, made] = ['x', 0]
  const width = 32
  for (let layer = 0; layer < 5; layer += 1) {
    const own = (prefix: string): string => `${prefix}${made++}`
    const [gain, shift, weight, output] = [own('g'), own('s'), own('w'), own('v')]
    const step = (operator: string, operands: string): void => {
      const next = own('t')
      lines.push(`${next} = ${operator}(${operands})`)
      value = next
    }
    const before = value
    if (roll(2) === 0) {
      constants.push(uneven(gain, [width], seed + layer), uneven(shift, [width], seed + layer + 50))
      step('LayerNormalization', `${value}, ${gain}, ${shift}`)
    }
    constants.push(uneven(weight, [width, width], seed * 31 + layer))
    lines.push(`[m${layer}] ${output} = MatMul(${value}, ${weight})`)
    value = output
    const activations = ['Relu', 'Sigmoid', 'Identity', 'Tanh'] as const
    step(activations[roll(activations.length)]!, value)
    if (roll(2) === 0) step('Add', `${value}, ${before}`)
  }
  lines.push(`y = Identity(${value})`)
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, ${width}] x) => (float[N, ${width}] y) <${constants.join()}> { ${lines.join(' ')} }`)
}

const IMAGES = [1, 2].map((seed) => ({ x: floatTensor([4, 4, 8, 8], seed) }))
const ROWS = [1, 2].map((seed) => {
  const x = floatTensor([24, 32], seed)
  x.data.forEach((value, index) => {
    x.data[index] = Number(value) * (index % 32 < 3 ? 25 : 0.5)
  })
  return { x }
})

/** How many of the networks were changed at all; the outputs of each stay. */
async function changedNetworks(
  build: (seed: number) => Model,
  feeds: readonly Feeds[],
  change: (model: Model) => Promise<number>,
): Promise<number> {
  let changed = 0
  for (const seed of SEEDS) {
    const [original, model] = [build(seed), build(seed)]
    if ((await change(model)) === 0) continue
    expect(modelBytes(model)).not.toEqual(modelBytes(original))
    changed += 1
    for (const batch of feeds) {
      const [wanted, actual] = [await runModel(original, batch), await runModel(model, batch)]
      expect(relativeDifference(wanted, actual), `network ${seed}`).toBeLessThan(EXACT)
    }
  }
  return changed
}

describe('rescaled networks compute what they did', () => {
  test('equalization', async () => {
    const change = async (model: Model): Promise<number> =>
      (await equalize(model, NONE, IMAGES, runtime, 1)).length
    expect(await changedNetworks(convolutional, IMAGES, change)).toBeGreaterThan(5)
  })

  test('SmoothQuant', async () => {
    const change = async (model: Model): Promise<number> =>
      (await smoothQuant(model, NONE, ROWS, runtime, 1)).length
    expect(await changedNetworks(products, ROWS, change)).toBeGreaterThan(5)
  })

  test('input scales', async () => {
    const change = async (model: Model): Promise<number> => {
      const sites = weightSites(model, inferTypes(model), NONE).sites
      const options = { ...WEIGHT_ONLY_DEFAULTS, algorithm: 'awq', scaleSearch: false } as const
      const context = {
        runtime,
        threads: 1,
        feeds: ROWS,
        store: MEMORY_STORE,
        inputShapes: {},
        progress: () => {},
      }
      const { details } = await applyInputScales(model, sites, options, context, true)
      return details?.length ?? 0
    }
    expect(await changedNetworks(products, ROWS, change)).toBeGreaterThan(5)
  })
})
