import { describe, expect, test } from 'vitest'
import type { ChannelOptions } from '#engine/prune/prune-channels'
import { pruneChannels } from '#engine/prune/prune-channels'
import { parseModel } from '#src/onnx/text/parse-model'
import { runtime } from './model-runs.ts'
import { HALF_OF_EACH } from './prune-options.ts'

const OPTIONS: ChannelOptions = { ...HALF_OF_EACH, limits: { minChannels: 8, channelMultiple: 8 } }

const HEADER = '<ir_version: 8, opset_import: ["" : 17]>'

function chain(first: number, second: number) {
  return parseModel(`${HEADER} g (float[B,3,4,4] x) => (float y) <
      float[${first}, 3, 1, 1] w1 = random(1, 1.0), float[${second}, ${first}, 1, 1] w2 = random(2, 1.0),
      float[4, ${second}, 1, 1] w3 = random(3, 1.0)
    > { a = Conv(x, w1) b = Relu(a) c = Conv(b, w2) d = Relu(c) y = Conv(d, w3) }`)
}

async function sizesAfter(
  sizes: readonly [number, number],
  options: Partial<ChannelOptions>,
): Promise<number[]> {
  const model = chain(...sizes)
  await pruneChannels(model, { ...OPTIONS, ...options }, 'none', runtime)
  return ['w1', 'w2'].map((name) => model.graph.initializers.get(name)!.constant!.dims[0]!)
}

describe('what goes', () => {
  test.each([
    [[64, 40], {}, [32, 24]],
    [[64, 40], { limits: { minChannels: 1, channelMultiple: 1 } }, [32, 20]],
    [[64, 12], { limits: { minChannels: 16, channelMultiple: 1 } }, [32, 12]],
    [[20, 12], {}, [8, 8]],
    [[64, 40], { amount: { kind: 'sparsity', value: 0 } }, [64, 40]],
    [[64, 40], { scope: { kind: 'per_layer', fractions: new Map([['a', 0.75]]) } }, [16, 24]],
    [[64, 40], { excludedLayers: ['a'] }, [64, 24]],
    [[64, 40], { amount: { kind: 'threshold', value: 1000 } }, [8, 8]],
    [[64, 40], { amount: { kind: 'threshold', value: 1e-6 } }, [64, 40]],
  ] as [[number, number], Partial<ChannelOptions>, number[]][])(
    '%j with %j leaves %j',
    async (sizes, options, left) => {
      expect(await sizesAfter(sizes, options)).toEqual(left)
    },
  )

  test.each([
    [[64, 64], { kind: 'sparsity', value: 0.5 }, 16],
    [[16, 16], { kind: 'sparsity', value: 0.5 }, 8],
    [[24, 24], { kind: 'sparsity', value: 0.5 }, 4],
    [[6, 6], { kind: 'sparsity', value: 0.5 }, 1],
    [[96, 96], { kind: 'max_macs', value: 0.47 }, 16],
    [[96, 96], { kind: 'max_macs', value: 0.37 }, 8],
    [[10, 10], { kind: 'max_macs', value: 0.9 }, 1],
    // Sixteen would leave the narrow axis whole and a third of the wide one.
    [[16, 128], { kind: 'max_macs', value: 0.4 }, 8],
  ] as [[number, number], ChannelOptions['amount'], number][])(
    'counts suit kernels where as much goes: %j with %j keeps multiples of %i',
    async (sizes, amount, multiple) => {
      const limits = { minChannels: 1, channelMultiple: 'auto' } as const
      const model = chain(...sizes)
      const options = { ...OPTIONS, amount, limits }
      const { details } = await pruneChannels(model, options, 'none', runtime)
      expect(details['channel_multiple']).toBe(multiple)
      const left = ['w1', 'w2'].map(
        (name) => model.graph.initializers.get(name)!.constant!.dims[0]!,
      )
      expect(left.map((size) => size % multiple)).toEqual([0, 0])
      if (amount.kind === 'max_macs') {
        expect(details['macs_kept']).toBeLessThanOrEqual(amount.value)
      }
    },
  )

  test('rounds end at the counts that one round ends at', async () => {
    const limits = { minChannels: 1, channelMultiple: 'auto' } as const
    const model = chain(64, 64)
    const sparsity = (value: number) => ({ kind: 'sparsity', value }) as const
    const first = { ...OPTIONS, limits, amount: sparsity(0.26) }
    const { details, sizes } = await pruneChannels(model, first, 'none', runtime)
    const macsLeft = Number(details['macs_kept'])
    const second = { ...first, amount: sparsity(0.3), originalSizes: sizes, macsLeft }
    const last = await pruneChannels(model, second, 'none', runtime)
    expect([details['channel_multiple'], last.details['channel_multiple']]).toEqual([16, 16])
    expect(model.graph.initializers.get('w1')!.constant!.dims[0]).toBe(48)
    expect(await sizesAfter([64, 64], { limits, amount: sparsity(0.3) })).toEqual([48, 48])
  })

  test('a ranking over the model leaves every layer a tenth', async () => {
    const model = chain(64, 40)
    const small = model.graph.initializers.get('w1')!
    const scaled = parseModel(
      `${HEADER} g () => (float y) <float[64,3,1,1] w1 = random(1, 0.5)> { y = Identity(w1) }`,
    )
    model.graph.setInitializer(small, scaled.graph.initializers.get('w1')!.constant!)
    const limits = { minChannels: 1, channelMultiple: 1 }
    await pruneChannels(
      model,
      { ...OPTIONS, limits, amount: { kind: 'sparsity', value: 0.99 }, scope: { kind: 'global' } },
      'none',
      runtime,
    )
    const sizes = ['w1', 'w2'].map((name) => model.graph.initializers.get(name)!.constant!.dims[0]!)
    expect(sizes[0]).toBeGreaterThanOrEqual(6)
    expect(sizes[1]).toBeGreaterThanOrEqual(4)
  })

  test('the same seed takes the same channels, another one others', async () => {
    const kept = async (seed: number) => {
      const model = chain(64, 40)
      await pruneChannels(model, { ...OPTIONS, importance: 'random', seed }, 'none', runtime)
      const { storage } = model.graph.initializers.get('w1')!.constant!
      return storage.kind === 'raw' ? Buffer.from(storage.range.bytes()).toString('hex') : ''
    }
    expect(await kept(1)).toBe(await kept(1))
    expect(await kept(1)).not.toBe(await kept(2))
  })
})

describe('what stays', () => {
  test('an axis too long to be followed, and nothing but that', async () => {
    const model = parseModel(`${HEADER} g (float[B,8] x) => (float y) <
        float[8, 16] w = random(1, 1.0), float[16, 4] v = random(2, 1.0), float zero = {0}, float one = {1}
      > { h = MatMul(x, w) l = RandomNormal<shape=[5000000]>() r = ReduceMean(l) m = Mul(r, zero) o = Add(m, one)
          t = Mul(h, o) y = MatMul(t, v) }`)
    const { details } = await pruneChannels(model, OPTIONS, 'none', runtime)
    expect(details['removed']).toBe(8)
  })

  test('what an If reads, with the reason', async () => {
    const model = parseModel(`${HEADER} g (float[B,8] x, bool c) => (float y) <
        float[8, 16] w = random(1, 1.0), float[16, 4] v = random(2, 1.0)
      > { h = MatMul(x, w)
          y = If<then_branch = t () => (float p) { p = MatMul(h, v) },
                 else_branch = e () => (float q) { z = Relu(h) q = MatMul(z, v) }>(c) }`)
    const { details, declined } = await pruneChannels(model, OPTIONS, 'none', runtime)
    expect(details['removed']).toBe(0)
    expect(declined).toContainEqual({
      rule: 'prune-channels',
      node: 'h',
      reason: 'y: graphs inside If are not followed',
    })
  })
})
