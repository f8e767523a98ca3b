import { expect, test } from 'vitest'
import { outputsAgree } from '#engine/evaluate/outputs-agree'
import type { RuntimeTensor } from '#engine/runtime/runtime'

function floats(...values: number[]): RuntimeTensor {
  return { dtype: 'float32', dims: [values.length], data: Float32Array.from(values) }
}

const reference = { y: floats(1, -4, 0.5) }

test.each([
  ['equal', { y: floats(1, -4, 0.5) }, true],
  ['a twentieth of the largest apart', { y: floats(1.19, -4, 0.5) }, true],
  ['farther apart', { y: floats(1.21, -4, 0.5) }, false],
  ['another sign', { y: floats(1, 4, 0.5) }, false],
  ['not a number', { y: floats(1, Number.NaN, 0.5) }, false],
  ['another shape', { y: floats(1, -4) }, false],
  ['another output', { z: floats(1, -4, 0.5) }, false],
])('%s', (_, actual, agree) => {
  expect(outputsAgree(reference, actual)).toBe(agree)
})

test('infinite values must be equal; integers of 64 bits are compared as numbers', () => {
  expect(outputsAgree({ y: floats(Infinity, 1) }, { y: floats(Infinity, 1) })).toBe(true)
  expect(outputsAgree({ y: floats(Infinity, 1) }, { y: floats(3e38, 1) })).toBe(false)
  const classes = (value: bigint): RuntimeTensor => ({
    dtype: 'int64',
    dims: [1],
    data: BigInt64Array.of(value),
  })
  expect(outputsAgree({ c: classes(7n) }, { c: classes(7n) })).toBe(true)
  expect(outputsAgree({ c: classes(7n) }, { c: classes(3n) })).toBe(false)
})
