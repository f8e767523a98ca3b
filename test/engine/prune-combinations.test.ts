// Every way to make channels before every way to move them: pruned by half, all equal the masked original.

import { describe, expect, test } from 'vitest'
import type { PruneCase } from '#test/support/prune-case'
import { caseModel, chosenAtoms, comparePruned, tracedCase } from '#test/support/prune-case'
import type { Mover, Part } from './prune-parts.ts'
import { MAKERS, MOVERS } from './prune-parts.ts'

function combined(maker: Part, mover: Mover): PruneCase {
  return {
    title: '',
    input: 'float[B,3,8,8] x',
    weights: {
      ...maker.weights,
      ...mover.weights,
      w8: [5, mover.channels, 1, 1],
      w9: [4, 5, 1, 1],
    },
    constants: [...(maker.constants ?? []), ...(mover.constants ?? [])],
    body: `${maker.body} ${mover.body} z = Conv(m, w8) zr = Relu(z) y = Conv(zr, w9)`,
    opset: mover.opset ?? 17,
    units: [],
  }
}

describe.each(MAKERS)('$title', (maker) => {
  test.each(MOVERS)('before $title', async (mover) => {
    const isSized = mover.title === 'Resize to sizes'
    const { trace, units } = await tracedCase(caseModel(combined(maker, mover)))
    const made = units.filter(({ layers }) => layers.includes('a'))
    if (mover.isFrozen === true) expect(made).toEqual([])
    const removed = chosenAtoms(units, 0.5, 3)
    const { error, effect } = await comparePruned(trace, removed, isSized ? [2] : [2, 3])
    expect(error).toBeLessThan(1e-5)
    expect(effect).toBeGreaterThan(1e-3)
  })
})
