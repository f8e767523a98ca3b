// Restoring layers, and what the table of layers says.

import { describe, expect, it } from 'vitest'
import type { StaticCandidate } from '#engine/quantize/build-candidate'
import { layerNoise } from '#engine/quantize/layer-noise'
import { restoreLayers } from '#engine/quantize/restore-layers'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import type { StaticCandidates } from '#engine/quantize/static'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, outputNoise, runModel, runtime } from './model-runs.ts'

const NETWORK = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[N, 16, 8, 8] x) => (float[N, 16, 8, 8] y)
  <${[1, 2, 3, 4].map((seed) => floatConstant(`w${seed}`, [16, 16, 1, 1], seed, 0.3)).join()}>
  { [c1] a = Conv(x, w1)  r = Relu(a)  [c2] b = Conv(r, w2)  s = Relu(b)
    [c3] c = Conv(s, w3)  t = Relu(c)  [c4] y = Conv(t, w4) }`

const FEEDS = Array.from({ length: 4 }, (_, seed) => ({ x: floatTensor([2, 16, 8, 8], seed) }))
const OPTIONS = { ...STATIC_DEFAULTS, placements: ['all-but-first'] } as const

async function candidates(): Promise<{ made: StaticCandidates; candidate: StaticCandidate }> {
  const made = await staticCandidates(parseModel(NETWORK), OPTIONS, FEEDS, runtime)
  const [candidate] = made.candidates
  if (candidate === undefined) throw new Error('no candidate')
  return { made, candidate }
}

function convolutions(model: Model): string[] {
  return [...model.graph.nodes()].filter((node) => node.is('Conv')).map(({ name }) => name)
}

describe('mixed precision', () => {
  it('restores what hurts most per millisecond saved, until little enough is lost', async () => {
    // c2 hurts as much as c4 and saves half; c1 saves nothing; c3 is harmless.
    const relief: Record<string, number> = { c1: 0.01, c2: 0.4, c3: 0, c4: 0.4 }
    const saved = { c1: 0, c2: 5000, c3: 5000, c4: 10_000 }
    const start = { integerNodes: Object.keys(relief) } as unknown as StaticCandidate
    const of = (restored: ReadonlySet<string>): number =>
      [...restored].reduce((sum, name) => sum + (relief[name] ?? 0), 0)
    const made = {
      savings: () => new Map(Object.entries(saved)),
      noise: (_: StaticCandidate, restored: ReadonlySet<string>) =>
        Promise.resolve(1 - of(restored)),
      restore: (_: StaticCandidate, restored: ReadonlySet<string>) =>
        Promise.resolve({ restored } as unknown as StaticCandidate),
    } as unknown as StaticCandidates
    const measure = (item: StaticCandidate) => {
      const { restored } = item as unknown as { restored?: ReadonlySet<string> }
      return Promise.resolve({ speedup: 2, loss: 1 - of(restored ?? new Set()) })
    }
    const result = await restoreLayers(made, start, 'integer', 0.6, measure)
    expect(result.names).toEqual(['c2'])
    const further = await restoreLayers(made, start, 'integer', 0.2, measure)
    expect(further.names).toEqual(['c2', 'c4'])
    expect(further.measures.loss).toBeCloseTo(0.2, 10)
    expect((await restoreLayers(made, start, 'integer', 2, measure)).names).toEqual([])
    // c3 is left: it lessens nothing.
    const all = await restoreLayers(made, start, 'integer', 0, measure)
    expect(all.names).toEqual(['c2', 'c4', 'c1'])
  })

  it('takes the fewest that suffice, though what is lost does not fall with every group', async () => {
    const names = Array.from({ length: 200 }, (_, at) => `c${at}`)
    const made = {
      savings: () => new Map(names.map((name) => [name, 5000])),
      // Later groups hurt less; the last does nothing.
      noise: (_: StaticCandidate, restored: ReadonlySet<string>) => {
        const [first] = restored
        const relief = first === undefined ? 0 : 200 - names.indexOf(first)
        return Promise.resolve(first === 'c195' ? 1 : 1 - relief / 1000)
      },
      restore: (_: StaticCandidate, restored: ReadonlySet<string>) =>
        Promise.resolve({ restored } as unknown as StaticCandidate),
    } as unknown as StaticCandidates
    const start = { integerNodes: names } as unknown as StaticCandidate
    const losses: Record<number, number> = {
      0: 0.02,
      13: 0.01,
      26: 0.012,
      39: 0.004,
      65: 0.001,
      104: 0.009,
    }
    const measure = (item: StaticCandidate) => {
      const { restored } = item as unknown as { restored?: ReadonlySet<string> }
      return Promise.resolve({ speedup: 1.2, loss: losses[restored?.size ?? 0] ?? 0.007 })
    }
    // Groups of a sixteenth: 13 layers.
    const found = await restoreLayers(made, start, 'integer', 0.005, measure)
    expect(found.names).toEqual(names.slice(0, 39))
    const missed = await restoreLayers(made, start, 'integer', 0.0001, measure)
    expect(missed.names).toEqual(names.slice(0, 65))
  })

  it('leaves restored layers in float with integer weights, and lessens the noise', async () => {
    const { made, candidate } = await candidates()
    expect(candidate.integerNodes).toEqual(['c1', 'c2', 'c3', 'c4'])
    const restored = await made.restore(candidate, new Set(['c1', 'c2']), 'integer')
    expect(restored.integerNodes).toEqual(['c3', 'c4'])
    expect(convolutions(restored.model)).toEqual(['c1', 'c2', 'c3', 'c4'])
    const unseen = { x: floatTensor([4, 16, 8, 8], 99) }
    const noise = async (model: Model) => await outputNoise(parseModel(NETWORK), model, unseen)
    expect(await noise(restored.model)).toBeGreaterThan((await noise(candidate.model)) + 0.5)
    const float = await made.restore(candidate, new Set(['c1', 'c2']), 'float')
    const dtypes = [...float.model.graph.initializers.values()].map(
      (value) => value.constant?.dtype,
    )
    expect(dtypes.filter((dtype) => dtype === 'float32').length).toBeGreaterThan(2)
    expect(await noise(float.model)).toBeGreaterThanOrEqual((await noise(restored.model)) - 0.2)
    const [whole, part] = [
      await made.noise(candidate, new Set()),
      await made.noise(candidate, new Set(['c1', 'c2'])),
    ]
    expect(part).toBeLessThan(whole)
    expect([...made.savings(candidate).keys()]).toEqual(['c1', 'c2', 'c3', 'c4'])
  })
})

describe('the noise of layers', () => {
  it('is that of their outputs in the quantized model', async () => {
    const { made, candidate } = await candidates()
    const found = await made.layerNoise(candidate)
    expect([...found.keys()]).toEqual(['c1', 'c2', 'c3', 'c4'])
    expect(found.get('c1')).toBeGreaterThan(found.get('c4') ?? Infinity)
    let [signal, noise] = [0, 0]
    for (const feeds of FEEDS.slice(0, 2)) {
      const wanted = await runModel(made.float, feeds)
      const actual = await runModel(candidate.model, feeds)
      wanted['y']?.data.forEach((value, index) => {
        signal += Number(value) ** 2
        noise += (Number(value) - Number(actual['y']?.data[index])) ** 2
      })
    }
    // The output of the last layer is quantized once more on its way out.
    expect(found.get('c4')).toBeGreaterThan(10 * Math.log10(signal / noise) - 0.1)
    expect(found.get('c4')).toBeLessThan(10 * Math.log10(signal / noise) + 3)
  })

  it('has no figure where nothing changed', async () => {
    const model = parseModel(NETWORK)
    expect(await layerNoise(model, parseModel(NETWORK), FEEDS, runtime, 1)).toEqual(new Map())
  })
})
