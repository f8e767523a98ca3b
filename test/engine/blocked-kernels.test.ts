import { describe, expect, it } from 'vitest'
import { blockSizeOf } from '#engine/blocked/block-size'
import type { BlockedConv } from '#engine/ops/blocked-conv'
import { blockedConvFault } from '#engine/ops/blocked-conv'
import { BlockedKernels } from '#engine/ops/blocked-kernels'
import { GradientBuilder } from '#engine/ops/gradient-builder'
import { openRuntime } from '#engine/runtime/ort'
import type { Runtime } from '#engine/runtime/runtime'
import { tensorType } from '#src/onnx/ir/value-type'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'

const runtime = openRuntime()
const block = await blockSizeOf(runtime)

const WINDOW = {
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  begin: [1, 1],
  end: [1, 1],
}

function conv(outputs: number, channels: number, group = 1): BlockedConv {
  return { window: WINDOW, group, channels, weight: [outputs, channels / group, 3, 3] }
}

/** Of a plane of 4×4, one that the whole kernel reaches. */
const PLACE = 5

/** What the operator makes of ones there. */
async function outcome(of: BlockedConv, size: number): Promise<number> {
  const { channels, weight } = of
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 18, "com.microsoft.nchwc" : 1]>
      g (float[2, ${channels}, 4, 4] x, float[${weight.join()}] w) => (float x2) { x2 = Identity(x) }`)
  const { graph } = model
  const g = new GradientBuilder(graph, inferTypes(model), 'made/')
  const [x, w] = graph.inputs
  const y = new BlockedKernels(g, size).conv(of, x!, w!)
  y.type = tensorType('float32', null)
  graph.outputs[0] = y
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads: 1,
    optimization: 'basic',
  })
  const filled = (dims: readonly number[]) => {
    const count = dims.reduce((product, dim) => product * dim, 1)
    return { dtype: 'float32' as const, dims, data: new Float32Array(count).fill(1) }
  }
  const results = await session.run({ x: filled([2, channels, 4, 4]), w: filled(weight) })
  await session.release()
  return Number(results[y.name]?.data[PLACE * size])
}

describe('a blocked convolution', () => {
  const sizes = [1, 2, 3, 4, 7, 8, 12, 15, 16, 17, 24, 31, 32, 40, 48, 64, 80, 128]

  it.each([8, 16])('of blocks of %i takes whole blocks of outputs only', (size) => {
    for (const outputs of sizes) {
      for (const channels of sizes) {
        const isPlain = channels < size
        const isTaken = outputs % size === 0 && (isPlain || channels % size === 0)
        expect(blockedConvFault(conv(outputs, channels), size) === null).toBe(isTaken)
      }
    }
  })

  it.each([8, 16])('of blocks of %i and groups takes whole blocks in each', (size) => {
    for (const group of sizes.slice(1)) {
      expect(blockedConvFault(conv(group, group, group), size) === null).toBe(group % size === 0)
      expect(blockedConvFault(conv(2 * group, group, group), size)).not.toBeNull()
      for (const [outputs, inputs] of [
        [size, size],
        [2 * size, size],
        [size / 2, size],
        [size, size / 2],
        [size, 3],
      ] as const) {
        const isTaken = outputs % size === 0 && inputs % size === 0
        const fault = blockedConvFault(conv(outputs * group, inputs * group, group), size)
        expect(fault === null).toBe(isTaken)
      }
    }
  })

  it('takes no sizes that are not known, and no window of another kernel', () => {
    expect(blockedConvFault(conv(16, 16), 16)).toBeNull()
    expect(blockedConvFault(conv(0, 16), 16)).toBe('a size is unknown')
    expect(blockedConvFault(conv(16, NaN), 16)).toBe('a size is unknown')
    expect(blockedConvFault(conv(16, 16), 1)).toBe('there are no blocks')
    expect(blockedConvFault({ ...conv(16, 16), channels: 32 }, 16)).toContain('do not fit')
    const odd = { ...conv(16, 16), window: { ...WINDOW, kernel: [3, 1] } }
    expect(blockedConvFault(odd, 16)).toContain('another kernel')
    const cut = { ...conv(16, 16), window: { ...WINDOW, end: [-1, 0] } }
    expect(blockedConvFault(cut, 16)).toContain('padding')
  })

  it('is not written where the runtime would divide by zero', () => {
    const model = parseModel(
      '<ir_version: 8, opset_import: ["" : 18]> g (float[1, 16, 4, 4] x, float[8, 16, 3, 3] w) => (float y) { y = Identity(x) }',
    )
    const g = new GradientBuilder(model.graph, inferTypes(model), 'made/')
    const [x, w] = model.graph.inputs
    const before = model.graph.nodeCount
    const write = () => new BlockedKernels(g, 16).conv(conv(8, 16), x!, w!)
    expect(write).toThrow('outputs are not in whole blocks')
    expect(model.graph.nodeCount).toBe(before)
  })

  it('that is taken is run', async () => {
    // A machine without blocks has nothing to run.
    const taken = block === 'none' ? [] : takenOf(block)
    for (const of of taken) expect(await outcome(of, Number(block))).toBe(9 * of.weight[1])
  })
})

function takenOf(one: number): readonly BlockedConv[] {
  const two = 2 * one
  return [
    conv(one, 3),
    conv(one, 1),
    conv(two, one - 1),
    conv(one, one),
    conv(5 * one, 3 * one),
    conv(two, two, 2),
    conv(4 * one, two, 2),
    conv(two, two, two),
    conv(3 * one, 3 * one, 3 * one),
  ]
}

describe('the size of a block', () => {
  it('is what the runtime fills channels up to', () => {
    expect(['none', 8, 16]).toContain(block)
  })

  it('is none where the runtime has no such kernels, or they compute something else', async () => {
    // A runtime that stops before the level at which it lays channels out in blocks.
    const without: Runtime = {
      ...runtime,
      load: (model, options) => runtime.load(model, { ...options, optimization: 'basic' }),
    }
    expect(await blockSizeOf(without)).toBe('none')
    let runs = 0
    const wrong: Runtime = {
      ...runtime,
      load: async (model, options) => {
        const session = await runtime.load(model, options)
        return {
          inputs: session.inputs,
          outputs: session.outputs,
          release: () => session.release(),
          run: async (feeds) => {
            runs += 1
            const { y } = await session.run(feeds)
            return { y: { ...y!, data: (y!.data as Float32Array).map((number) => number + runs) } }
          },
        }
      },
    }
    expect(await blockSizeOf(wrong)).toBe('none')
    expect(runs).toBe(block === 'none' ? 0 : 2)
  })
})
