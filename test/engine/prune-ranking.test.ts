// Channels of the whole model ranked by their importance for what removing them saves.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChannelOptions } from '#engine/prune/prune-channels'
import { pruneChannels } from '#engine/prune/prune-channels'
import { RemainingCost } from '#engine/prune/remaining-cost'
import { savedPerAtom } from '#engine/prune/saved-per-atom'
import { AxisTrace } from '#engine/prune/trace-axes'
import { unitsOf } from '#engine/prune/units'
import { parseModel } from '#src/onnx/text/parse-model'
import { runtime } from './model-runs.ts'
import { HALF_OF_EACH } from './prune-options.ts'

/** Two layers on a large plane with few weights, two on a small one with many. */
function funnel() {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[B,3,64,64] x) => (float[B,4,8,8] y) <
      float[16,3,3,3] w1 = random(1, 1.0), float[16,16,3,3] w2 = random(2, 1.0),
      float[64,16,3,3] w3 = random(3, 1.0), float[64,64,1,1] w4 = random(4, 1.0),
      float[4,64,1,1] w5 = random(5, 1.0)
    > { [a] a = Conv<pads = [1,1,1,1]>(x, w1) ra = Relu(a) [b] b = Conv<pads = [1,1,1,1]>(ra, w2)
        rb = Relu(b) p = AveragePool<kernel_shape = [8,8], strides = [8,8]>(rb)
        [c] c = Conv<pads = [1,1,1,1]>(p, w3) rc = Relu(c) [d] d = Conv(rc, w4) rd = Relu(d)
        [e] y = Conv(rd, w5) }`)
}

let scratch = ''

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'ranking-'))
})

afterAll(() => rm(scratch, { recursive: true }))

async function pruned(rankedBy: NonNullable<ChannelOptions['rankedBy']>) {
  const { details } = await pruneChannels(
    funnel(),
    {
      ...HALF_OF_EACH,
      amount: { kind: 'sparsity', value: 0.3 },
      scope: { kind: 'global' },
      rankedBy,
    },
    'none',
    runtime,
  )
  const groups = details['groups'] as { layers: string[]; removed: number }[]
  const gone = (layer: string) => groups.find(({ layers }) => layers.includes(layer))?.removed ?? 0
  return {
    gone,
    macs: Number(details['macs_kept']),
    parameters: Number(details['parameters_kept']),
    rankedBy: details['ranked_by'],
  }
}

describe('ranking by cost', () => {
  test('what an atom saves is what the model has less without it', () => {
    const trace = new AxisTrace(funnel(), new Set(), 'whole')
    const [units, cost] = [unitsOf(trace), new RemainingCost(trace)]
    const savedBy = (layer: string, kind: 'macs' | 'parameters') => {
      const index = units.findIndex(({ layers }) => layers.includes(layer))
      return savedPerAtom(units, cost, kind)[index]!
    }
    // Channels of c: a row of w3 and a column of w4.
    expect(savedBy('c', 'parameters')).toBe(16 * 9 + 64)
    // Of d: a row of w4 and a column of w5.
    expect(savedBy('d', 'parameters')).toBe(64 + 4)
    expect(savedBy('d', 'macs') / savedBy('c', 'macs')).toBeCloseTo((64 + 4) / (16 * 9 + 64), 9)
    const times = new Map([['d', 8]])
    const index = units.findIndex(({ layers }) => layers.includes('d'))
    expect(savedPerAtom(units, cost, times)[index]).toBeCloseTo(8 / 64, 9)
  })

  test('as many channels go, and more of what they are ranked by', async () => {
    const plain = await pruned('importance')
    const byMacs = await pruned('macs')
    const byParameters = await pruned('parameters')
    expect(byMacs.macs).toBeLessThan(plain.macs)
    expect(byParameters.parameters).toBeLessThan(plain.parameters)
    expect(byParameters.gone('c')).toBeGreaterThan(byMacs.gone('c'))
    expect([plain, byMacs, byParameters].map((one) => one.rankedBy)).toEqual([
      'importance',
      'macs',
      'parameters',
    ])
  })

  test('by measured time the large planes go first', async () => {
    const [plain, byTime] = [await pruned('importance'), await pruned({ threads: 1, scratch })]
    expect(byTime.rankedBy).toBe('latency')
    expect(byTime.macs).toBeLessThan(plain.macs)
  })
})
