import { expect, describe, test } from 'vitest'
import type { ChannelOptions } from '#engine/prune/prune-channels'
import { pruneChannels } from '#engine/prune/prune-channels'
import { choleskyFactor, solveFactored } from '#engine/prune/repair/solve-symmetric'
import { copyModel } from '#engine/rewrite/copy-model'
import type { PruneCase } from '#test/support/prune-case'
import { caseModel } from '#test/support/prune-case'
import { CONV_CASES } from './prune-cases-conv.ts'
import type { Feeds } from './model-runs.ts'
import { floatTensor, normalValues, outputNoise, runtime } from './model-runs.ts'
import { HALF_OF_EACH } from './prune-options.ts'

const OPTIONS: ChannelOptions = { ...HALF_OF_EACH, repair: true }

/** Pictures from a few smooth patterns: channels that see them tell much of each other. */
function pictures(count: number, seed: number): Feeds {
  const mixture = normalValues(count * 4, seed)
  const data = Float32Array.from({ length: count * 192 }, (_, index) => {
    const [sample, at] = [Math.floor(index / 192), index % 192]
    return [0, 1, 2, 3].reduce((sum, pattern) => {
      return sum + (mixture[sample * 4 + pattern] ?? 0) * Math.sin((at * (pattern + 1)) / 23)
    }, 0)
  })
  return { x: { dtype: 'float32', dims: [count, 3, 8, 8], data } }
}

function batchesOf(feeds: readonly Feeds[]): AsyncIterable<Feeds> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* feeds
    },
  }
}

const FOLDED: PruneCase = {
  title: 'convolutions with biases and a Gemm head',
  input: 'float[B,3,8,8] x',
  weights: {
    w1: [16, 3, 3, 3],
    b1: [16],
    w2: [24, 16, 3, 3],
    b2: [24],
    w3: [24, 5],
    b3: [5],
  },
  body: `a = Conv<pads=[1,1,1,1]>(x, w1, b1) b = Relu(a) c = Conv<pads=[1,1,1,1]>(b, w2, b2) d = Relu(c)
    p = GlobalAveragePool(d) f = Flatten(p) y = Gemm(f, w3, b3)`,
  units: [24, 16],
}

describe('repair without labels', () => {
  test.each([FOLDED, ...CONV_CASES.slice(0, 2)])('of $title', async (one) => {
    const original = caseModel(one)
    const feeds = batchesOf([pictures(32, 1), pictures(32, 2)])
    const test = pictures(64, 3)
    const plain = copyModel(original)
    await pruneChannels(plain, { ...OPTIONS, repair: false }, feeds, runtime)
    const repaired = copyModel(original)
    const { details } = await pruneChannels(repaired, OPTIONS, feeds, runtime)
    expect(details['repair']).toMatchObject({ refitted: expect.any(Number) as number })
    const [before, after] = [
      await outputNoise(original, plain, test),
      await outputNoise(original, repaired, test),
    ]
    // With biases or BatchNormalization to move, at least half of the error energy is gone: 3 dB.
    expect(after).toBeGreaterThan(before + (one.title.startsWith('a residual') ? 1 : 3))
  })

  test('says why there is none', async () => {
    const model = caseModel(FOLDED)
    const { details } = await pruneChannels(model, OPTIONS, 'none', runtime)
    expect(details['repair']).toBe('there is no calibration dataset')
  })
})

test('a factored system is solved', () => {
  const rows = floatTensor([6, 4], 5).data
  const gram = new Float64Array(16)
  for (let sample = 0; sample < 6; sample += 1) {
    for (let at = 0; at < 16; at += 1) {
      const [row, column] = [Math.floor(at / 4), at % 4]
      gram[at]! += Number(rows[sample * 4 + row]) * Number(rows[sample * 4 + column])
    }
  }
  const right = Float64Array.from([1, 2, 3, 4])
  const solution = solveFactored(choleskyFactor(gram, 4, 0)!, right)
  for (let row = 0; row < 4; row += 1) {
    const found = solution.reduce((sum, value, at) => sum + value * gram[row * 4 + at]!, 0)
    expect(found).toBeCloseTo(right[row]!, 9)
  }
})
