import { describe, expect, it } from 'vitest'
import { factorize } from '#engine/ops/reshape-axes'
import { recordedAxes } from '#test/support/recorded-axes'
import { LAYER_CASES } from './ops-axes-cases-layers.ts'
import { MOVING_CASES } from './ops-axes-cases-moving.ts'

describe('axis rules', () => {
  it.each([...LAYER_CASES, ...MOVING_CASES])('$title', ({ graph, lines }) => {
    expect(recordedAxes(graph)).toEqual(lines)
  })

  it('keeps all axes from the first one on of a Softmax before opset 13', () => {
    const graph = 'g (float[2,3,4] x) => (float y) { y = Softmax<axis=1>(x) }'
    expect(recordedAxes(graph, 12)).toEqual(['y.0 = x.0', 'freeze x.1', 'freeze x.2'])
  })
})

describe('factors of a reshape', () => {
  it('refines both sides where one size divides the other', () => {
    const { input, output } = factorize([4, 6], [2, 2, 6])
    expect(input.axes).toEqual([[2, 2], [6]])
    expect(output.axes).toEqual([[2], [2], [6]])
  })

  it('freezes the blocks that have no common refinement, and only those', () => {
    const { frozenInputs, frozenOutputs } = factorize([5, 4, 6, 7], [5, 6, 4, 7])
    expect(frozenInputs).toEqual([1, 2])
    expect(frozenOutputs).toEqual([1, 2])
  })

  it('gives axes of size 1 no factor', () => {
    expect(factorize([2, 1, 3], [6]).input.axes).toEqual([[2], [], [3]])
  })
})
