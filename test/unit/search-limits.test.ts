import { describe, expect, test } from 'vitest'
import type { Figures, Limits } from '#engine/search/limits'
import { gain, isBetter, missedLimits, shortfall } from '#engine/search/limits'
import { ShareSearch } from '#engine/search/share-search'

const LIMITS: Limits = { maxLoss: 0.01, isLossNamed: true, maxBytes: 1000, minSpeedup: 2 }
const HOLDS: Figures = { bytes: 900, speedup: 2.5, loss: 0.005 }

describe('limits of a search', () => {
  test.each<[string, Partial<Figures>, string[], number]>([
    ['all hold', {}, [], 0],
    ['a loss of twice what may be lost', { loss: 0.02 }, ['maxLoss'], 1],
    ['a tenth too large', { bytes: 1100 }, ['maxBytes'], 0.1],
    ['as fast as asked, within what timings differ by', { speedup: 2 }, ['minSpeedup'], 0.02],
    ['half as fast as asked', { speedup: 1.02 }, ['minSpeedup'], 1],
    ['two at once', { bytes: 2000, loss: 0.03 }, ['maxLoss', 'maxBytes'], 3],
  ])('%s', (_, change, missed, by) => {
    const figures = { ...HOLDS, ...change }
    expect(missedLimits(LIMITS, figures).map(({ limit }) => limit)).toEqual(missed)
    expect(shortfall(LIMITS, figures)).toBeCloseTo(by, 10)
  })

  test('what is not limited is not missed', () => {
    const open = { maxLoss: 0, isLossNamed: true, maxBytes: null, minSpeedup: null }
    expect(shortfall(open, { bytes: 1e9, speedup: 0.1, loss: 0 })).toBe(0)
    expect(shortfall(open, { bytes: 1, speedup: 9, loss: 0.001 })).toBeCloseTo(0.1, 10)
  })

  test('a model that misses less wins; of those that miss nothing, the one that gains more', () => {
    const smaller = { ...HOLDS, bytes: 450 }
    const faster = { ...HOLDS, speedup: 7.5 }
    const lossy = { ...smaller, loss: 0.02 }
    const lossier = { ...smaller, loss: 0.03, speedup: 99 }
    const order = [faster, smaller, HOLDS, lossy, lossier]
    const better = (one: Figures, other: Figures): boolean => isBetter(one, other, LIMITS, 3600)
    for (const [index, one] of order.entries()) {
      for (const other of order.slice(index + 1)) {
        expect(better(one, other)).toBe(true)
        expect(better(other, one)).toBe(false)
      }
      expect(better(one, one)).toBe(false)
    }
    expect(gain(smaller, 3600)).toBeCloseTo(Math.log(8 * 2.5), 10)
  })
})

describe('a loss that the goal does not name', () => {
  const limits = { ...LIMITS, isLossNamed: false }
  const better = (one: Figures, other: Figures): boolean => isBetter(one, other, limits, 3600)

  test('gives way to what it names', () => {
    const truer = { bytes: 1100, speedup: 2.5, loss: 0 }
    const smaller = { bytes: 900, speedup: 2.5, loss: 0.05 }
    expect(shortfall(limits, smaller)).toBe(0)
    expect(better(smaller, truer)).toBe(true)
    expect(isBetter(smaller, truer, LIMITS, 3600)).toBe(false)
  })

  test('decides between those that hold all of that', () => {
    const lossy = { bytes: 500, speedup: 9, loss: 0.05 }
    const lossier = { bytes: 100, speedup: 9, loss: 0.06 }
    expect(better(HOLDS, lossy)).toBe(true)
    expect(better(lossy, lossier)).toBe(true)
    expect(better({ ...HOLDS, bytes: 500 }, HOLDS)).toBe(true)
  })
})

describe('the largest share that can go', () => {
  test.each([0.03, 0.2, 0.5, 0.7, 0.99])('is found to a sixteenth: %f', (most) => {
    const search = new ShareSearch(4)
    const asked: number[] = []
    let found = 0
    for (let share = search.next(); share !== null; share = search.next()) {
      asked.push(share)
      if (share <= most) found = share
      search.tell(share <= most)
    }
    expect(asked).toHaveLength(4)
    expect(asked[0]).toBe(0.5)
    expect(most - found).toBeGreaterThanOrEqual(0)
    expect(most - found).toBeLessThan(1 / 16)
  })
})
