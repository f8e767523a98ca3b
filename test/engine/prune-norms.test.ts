import { describe, expect, test } from 'vitest'
import type { ChannelOptions } from '#engine/prune/prune-channels'
import { pruneChannels } from '#engine/prune/prune-channels'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatTensor, runtime } from './model-runs.ts'
import { HALF_OF_EACH } from './prune-options.ts'

const OPTIONS = { ...HALF_OF_EACH, limits: { minChannels: 8, channelMultiple: 8 } }

/** A stream of 32 under LayerNormalization with a feed-forward of `inner`. */
function stream(inner: number, norm = 'n = LayerNormalization(a, s, b)') {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[B,5,12] x) => (float y) <
      float[12,32] w0 = random(1, 0.3), float two = {2}, float one = {1}, float half = {-0.5}, float eps = {0.00001}, float[32] s = random(2, 1.0), float[32] b = random(3, 0.3),
      float[32,${inner}] w1 = random(4, 0.2), float[${inner},32] w2 = random(5, 0.2), float[32,4] w3 = random(6, 0.2)
    > { a = MatMul(x, w0) ${norm} f = MatMul(n, w1) g = Relu(f) h = MatMul(g, w2)
      r = Add(a, h) y = MatMul(r, w3) }`)
}

async function* samples() {
  for (const seed of [1, 2]) yield { x: floatTensor([16, 5, 12], seed) }
}

async function pruned(inner: number, options: Partial<ChannelOptions>, norm?: string) {
  const model = stream(inner, norm)
  const feeds = { [Symbol.asyncIterator]: samples }
  const { details } = await pruneChannels(model, { ...OPTIONS, ...options }, feeds, runtime)
  const width = model.graph.initializers.get('w0')!.constant!.dims[1]!
  return { width, norms: details['normalized'] as readonly Record<string, number>[] | undefined }
}

describe('axes that are normalised over', () => {
  test.each([
    [256, 'auto', 32],
    [256, 'refit', 16],
    [8, 'auto', 16],
    [8, 'whole', 32],
  ] as const)('inner size %d and %s leave a stream of %d', async (inner, normalizedAxes, width) => {
    const found = await pruned(inner, { normalizedAxes })
    expect(found.width).toBe(width)
    expect(found.norms === undefined).toBe(width === 32)
  })

  test('the error of each norm is stated, and less once it is fitted', async () => {
    const { norms } = await pruned(8, { normalizedAxes: 'refit' })
    expect(norms).toHaveLength(1)
    const { channels, kept, error, refitted } = norms![0]!
    expect([channels, kept]).toEqual([32, 16])
    expect(error).toBeGreaterThan(0)
    expect(refitted).toBeLessThan(error!)
    expect(refitted).toBeLessThan(1)
  })

  const MEAN = 'm = ReduceMean<axes=[-1]>(a) d = Sub(a, m) q = Mul(d, d)'
  const SPREAD = 'v = ReduceMean<axes=[-1]>(q) ve = Add(v, eps)'

  test.each([
    ['a quotient', `${MEAN} ${SPREAD} sd = Sqrt(ve) z = Div(d, sd) zs = Mul(z, s) n = Add(zs, b)`],
    [
      '1 over the root',
      `${MEAN} ${SPREAD} sd = Sqrt(ve) i = Div(one, sd) z = Mul(d, i) zs = Mul(s, z) n = Add(b, zs)`,
    ],
    ['a power', `${MEAN} ${SPREAD} i = Pow(ve, half) z = Mul(i, d) zs = Mul(z, s) n = Add(zs, b)`],
  ])('written out with %s it is fitted to the same as one operator', async (_title, norm) => {
    const whole = await pruned(8, { normalizedAxes: 'refit' })
    const { norms, width } = await pruned(8, { normalizedAxes: 'refit' }, norm)
    expect(width).toBe(16)
    expect(norms).toHaveLength(1)
    for (const key of ['error', 'refitted'])
      expect(norms![0]![key]).toBeCloseTo(whole.norms![0]![key]!, 4)
  })

  test('a mean of squares without a mean is fitted by a line through 0', async () => {
    const rms =
      'q = Pow(a, two) v = ReduceMean<axes=[-1]>(q) ve = Add(v, eps) sd = Sqrt(ve) z = Div(a, sd) n = Mul(z, s)'
    const { norms } = await pruned(8, { normalizedAxes: 'refit' }, rms)
    expect(norms).toHaveLength(1)
    expect(norms![0]!['refitted']).toBeLessThan(norms![0]!['error']!)
  })

  test('one that scales by nothing of its own is left unfitted, and says so', async () => {
    const bare = `${MEAN} ${SPREAD} sd = Sqrt(ve) n = Div(d, sd)`
    const { norms } = await pruned(8, { normalizedAxes: 'refit' }, bare)
    expect(norms!.map((norm) => norm['refitted'])).toEqual(['not fitted', 'not fitted'])
  })
})
