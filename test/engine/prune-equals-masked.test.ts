import { describe, expect, test } from 'vitest'
import { caseModel, chosenAtoms, comparePruned, tracedCase } from '#test/support/prune-case'
import { ATTENTION_CASES } from './prune-cases-attention.ts'
import { CONV_CASES } from './prune-cases-conv.ts'
import { INTEGER_CASES } from './prune-cases-integers.ts'
import { MOVING_CASES } from './prune-cases-moving.ts'
import { NORM_CASES } from './prune-cases-norms.ts'

describe.each([
  ...CONV_CASES,
  ...ATTENTION_CASES,
  ...NORM_CASES,
  ...INTEGER_CASES,
  ...MOVING_CASES,
])('$title', (one) => {
  test('falls into units', async () => {
    const { units } = await tracedCase(caseModel(one), one.normalized)
    const sizes = units.map(({ atoms }) => atoms.length).sort((a, b) => b - a)
    expect(sizes).toEqual(one.units)
  })

  test.each([0.25, 0.5, 0.9])('pruned by %d equals the masked original', async (fraction) => {
    const { trace, units } = await tracedCase(caseModel(one), one.normalized)
    const removed = chosenAtoms(units, fraction, 5)
    const { error, effect } = await comparePruned(trace, removed, [2, 3])
    expect(error).toBeLessThan(1e-5)
    if (removed.size > 0) expect(effect).toBeGreaterThan(1e-3)
  })
})
