// Quantization-aware training: what the student equals, what it learns, and what that is worth.

import { describe, expect, it } from 'vitest'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { quantizationAware } from '#engine/quantize/qat/quantization-aware'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { teacherTarget } from '#engine/train/teacher'
import { trainModel } from '#engine/train/train-model'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import type { Tensors } from './unfused-run.ts'
import { runUnfused as run } from './unfused-run.ts'
import { HARD, OPTIONS, toyNet, toyPictures } from './train-toy.ts'

const runtime = openRuntime()

const pictures = toyPictures(256)

async function inputs(count: number): Promise<Tensors> {
  const { labels: _, ...feeds } = await pictures.batch(0, count)
  return feeds
}

async function quantizedBy(model: Model, percentile = 100) {
  const options = {
    ...STATIC_DEFAULTS,
    equalize: false,
    smoothQuant: false,
    biasCorrection: false,
    calibration: { name: 'percentile', percentile },
    placements: ['all-but-first'],
  } as const
  const { float, candidates } = await staticCandidates(model, options, [await inputs(64)], runtime)
  return { float, quantized: candidates[0]!.model }
}

/** Two layers between the first and the last. */
function deepNet(): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    deep (float[batch, 1, 8, 8] x) => (float[batch, 3] y)
    <float[16, 1, 3, 3] w1 = random(1, 0.4), float[16, 16, 3, 3] w2 = random(2, 0.2),
     float[16] b2 = random(3, 0.2), float[16, 16, 3, 3] w3 = random(4, 0.2), float[16, 3] w4 = random(5, 0.5)>
    { c1 = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w1) r1 = Relu(c1)
      c2 = Conv<pads=[1,1,1,1]>(r1, w2, b2) r2 = Relu(c2)
      c3 = Conv<pads=[1,1,1,1]>(r2, w3) r3 = Relu(c3)
      p = GlobalAveragePool(r3) f = Flatten(p) y = MatMul(f, w4) }`)
}

function operators(model: Model): string[] {
  return [...model.graph.nodes()].map(({ opType }) => opType)
}

const distance = (one: RuntimeTensor, other: RuntimeTensor): number =>
  Math.max(
    ...[...one.data].map((value, index) => Math.abs(Number(value) - Number(other.data[index]))),
  )

describe('a student', () => {
  it('gives what the quantized model gives, in 8 bits the one it was made from', async () => {
    const { float, quantized } = await quantizedBy(toyNet(8))
    const qat = quantizationAware(float, quantized, { weightBits: 8, learnSteps: true })
    const feeds = await inputs(64)
    const [own, written, first] = [
      await run(qat.student, feeds),
      await run(qat.quantized(), feeds),
      await run(quantized, feeds),
    ]
    expect(distance(own['y']!, written['y']!)).toBeLessThan(1e-5)
    expect(distance(written['y']!, first['y']!)).toBeLessThan(1e-5)
    expect(operators(qat.quantized())).toEqual(operators(quantized))
    expect(qat.stepSizes.size).toBe(4)
  })

  it('finds the scales of a layer of many channels, which stay as exact as they were', async () => {
    const wide = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      wide (float[batch, 1, 8, 8] x) => (float[batch, 3] y)
      <int64[2] flat = {0, 64}, float[64, 1024] w1 = random(1, 0.3), float[1024, 3] w2 = random(2, 0.1)>
      { f = Reshape(x, flat) h = MatMul(f, w1) r = Relu(h) y = MatMul(r, w2) }`)
    const { float, quantized } = await quantizedBy(wide)
    const restorers = [...quantized.graph.nodes()].filter((node) => node.is('DequantizeLinear'))
    expect(restorers.map((node) => node.input(1)?.constant?.dims[0])).toContain(1024)
    const qat = quantizationAware(float, quantized, { weightBits: 8, learnSteps: true })
    expect(qat.details).toMatchObject({ quantized_weights: 2 })
  })

  it('gives what the written model gives, whatever it has learnt', async () => {
    const { float, quantized } = await quantizedBy(toyNet(8))
    const qat = quantizationAware(float, quantized, { weightBits: 4, learnSteps: true })
    await trainModel(
      qat.student,
      {
        terms: [HARD],
        teacher: null,
        samples: pictures,
        options: { ...OPTIONS, epochs: 2, stepSizes: qat.stepSizes, frozenLayers: qat.frozen },
      },
      runtime,
    )
    const feeds = await inputs(64)
    const [own, written] = [await run(qat.student, feeds), await run(qat.quantized(), feeds)]
    expect(distance(own['y']!, written['y']!)).toBeLessThan(1e-4)
    const stored = [...qat.quantized().graph.initializers.values()].map(
      (value) => value.constant?.dtype,
    )
    expect(stored).toContain('int4')
    expect(operators(qat.quantized()).filter((name) => name !== 'Cast')).toEqual(
      operators(quantized).filter((name) => name !== 'Cast'),
    )
  })

  it.each([
    { frozenLayers: [], learnt: ['w2', 'w3', 'b3'] },
    { frozenLayers: ['c2'], learnt: ['w3', 'b3'] },
  ])('learns weights but those of $frozenLayers, and no other constants', async (given) => {
    const { float, quantized } = await quantizedBy(toyNet(8))
    const { frozenLayers, learnt } = given
    const options = { weightBits: 8, learnSteps: false, frozenLayers } as const
    const qat = quantizationAware(float, quantized, options)
    expect(qat.stepSizes.size).toBe(0)
    const constants = () =>
      [...qat.student.graph.initializers.values()].map(({ name, constant }) => {
        return [
          name,
          Buffer.from(constant!.storage.kind === 'raw' ? constant!.storage.range.bytes() : []),
        ] as const
      })
    const before = new Map(constants())
    await trainModel(
      qat.student,
      {
        terms: [HARD],
        teacher: null,
        samples: pictures,
        options: { ...OPTIONS, epochs: 1, frozenLayers: qat.frozen },
      },
      runtime,
    )
    const changed = constants().flatMap(([name, bytes]) =>
      before.get(name)?.equals(bytes) ? [] : [name],
    )
    expect(learnt.filter((name) => !changed.includes(name))).toEqual([])
    const known = ['w2', 'w3', 'b3'].filter((name) => !learnt.includes(name))
    expect(changed.filter((name) => name.endsWith('_step') || known.includes(name))).toEqual([])
  })

  it.each([true, false])(
    'gets back most of what 4 bits cost, steps learnt: %s',
    async (learnSteps) => {
      const net = deepNet()
      const { float, quantized } = await quantizedBy(net)
      const qat = quantizationAware(float, quantized, { weightBits: 4, learnSteps })
      const feeds = await inputs(256)
      const wanted = (await run(net, feeds))['y']!
      const error = async (): Promise<number> => {
        const actual = (await run(qat.quantized(), feeds))['y']!.data
        const squares = [...wanted.data].map((value, index) => {
          return (Number(value) - Number(actual[index])) ** 2
        })
        return squares.reduce((sum, square) => sum + square, 0)
      }
      const before = await error()
      const target = { output: 'y', target: teacherTarget('y'), targetType: 'float32' } as const
      const options = { ...OPTIONS, epochs: 8, learningRate: 2e-3 }
      await trainModel(
        qat.student,
        {
          terms: [{ kind: 'squared_error', ...target, scale: 'relative', weight: 1 }],
          teacher: deepNet(),
          samples: pictures,
          options: { ...options, stepSizes: qat.stepSizes, frozenLayers: qat.frozen },
        },
        runtime,
      )
      const after = await error()
      expect(after).toBeLessThan(before / 2)
    },
  )
})
